"""The patient's page: one static page that speaks to the public API alone. It stores nothing here."""
