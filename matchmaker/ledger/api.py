"""Imports of the ledger of contracts, for the programs of staff."""

from ..imports.api import interface
from .web import DESK

operations = interface(DESK)
