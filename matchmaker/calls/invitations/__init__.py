"""Holders of achievements that may answer a call, asked to take it up."""
