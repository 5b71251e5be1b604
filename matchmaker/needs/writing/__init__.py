"""A need while it is written: its form."""
