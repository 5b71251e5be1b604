"""Pairs proposed by hand, for the review desk to decide on."""
