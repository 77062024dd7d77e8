"""The care team's door: pages rendered on the server. A view translates, makes one domain call, translates back."""
