"""The city's targets of a year."""

from enum import StrEnum


class TargetIndicator(StrEnum):
    """What the city set itself for a year (DOMAIN §0)."""

    TURNOVER = "turnover"
    GDP_SHARE = "gdp_share"
    THREE_KINDS_GROWTH = "three_kinds_growth"
    LOCAL_CONVERSION = "local_conversion"
    NEEDS = "needs"
    BREAKTHROUGHS = "breakthroughs"
    PILOT_BASES = "pilot_bases"
    EVENTS = "events"


class Unit(StrEnum):
    """In what a target is stored: whole 分, hundredths of a per cent, pieces."""

    FEN = "fen"
    BASIS_POINTS = "basis_points"
    COUNT = "count"
