"""One's own organisation: its members, their roles, invitations."""
