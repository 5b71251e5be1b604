"""Experts who judge bids: who they are, and what binds them to organisations."""
