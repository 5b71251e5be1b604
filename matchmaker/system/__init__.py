"""State of the search index and of the work in the background."""
