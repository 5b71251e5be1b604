"""Achievements from Excel and CSV, and back: every column of an achievement."""
