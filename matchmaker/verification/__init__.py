"""Staff check what was submitted."""
