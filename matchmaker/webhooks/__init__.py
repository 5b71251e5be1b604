"""Notices that go, besides, to servers the organisations name."""
