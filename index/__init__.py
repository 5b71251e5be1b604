"""Turns records into vectors and terms and answers what is close to what."""
