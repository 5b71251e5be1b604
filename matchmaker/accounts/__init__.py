"""Sign-in and members."""
