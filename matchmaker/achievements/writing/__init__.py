"""An achievement while it is written: its form."""
