"""Milestones: delivered, judged, paid for."""
