"""Technology needs."""
