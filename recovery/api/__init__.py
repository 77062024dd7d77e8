"""The phone's door: it reads strictly, makes one domain call, and answers."""
