"""What each screen shows, as finished values: templates decide nothing and ask nothing of the database."""
