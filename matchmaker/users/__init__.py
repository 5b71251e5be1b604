"""Accounts and roles, as the administrator governs them."""
