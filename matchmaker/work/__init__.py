"""What waits for whom: work lists, their counts, and reminders."""
