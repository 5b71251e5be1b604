"""What the city set itself for a year, entered and changed by the administrator."""
