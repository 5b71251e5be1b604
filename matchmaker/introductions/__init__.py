"""Introductions (对接): from a pair or a request to talks, and to a contract."""
