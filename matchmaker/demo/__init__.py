"""Demonstration data: loaded once, marked everywhere, removed by one command."""
