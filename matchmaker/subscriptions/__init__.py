"""Saved searches: what people want to be told of, and telling them."""
