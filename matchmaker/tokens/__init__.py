"""Access tokens: what a program shows to act for somebody."""
