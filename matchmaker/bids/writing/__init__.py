"""A bid while it is written: its form and its files."""
