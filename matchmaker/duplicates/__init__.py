"""Records that say the same: told to whoever wrote one, and to staff."""
