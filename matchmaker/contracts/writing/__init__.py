"""A contract while it is written: its form, for a new text or a changed one."""
