"""Organisations from Excel and CSV, entered by staff."""
