"""One script a question, each against a named rival."""
