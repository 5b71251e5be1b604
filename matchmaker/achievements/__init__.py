"""Scientific achievements."""
