"""A receipt held against what the platform has."""
