"""What a person should learn."""
