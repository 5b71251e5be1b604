"""Files that belong to a need or an achievement."""
