"""Boards: what the ledger, the talks and the targets of a year add up to."""
