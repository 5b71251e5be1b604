"""Needs from Excel and CSV, and back: every column of a need."""
