"""Needs that are really one, for staff who draw up calls."""
