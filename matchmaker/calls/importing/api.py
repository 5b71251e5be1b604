"""Imports of open calls, for programs."""

from ...imports.api import interface
from .web import DESK

operations = interface(DESK)
