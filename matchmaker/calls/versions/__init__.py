"""The text of a call once it is opened: every change has a number and a reason."""
