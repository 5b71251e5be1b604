"""Open calls."""
