"""What needs and achievements share on their way to review."""
