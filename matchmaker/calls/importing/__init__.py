"""Open calls from Excel and CSV, as drafts."""
