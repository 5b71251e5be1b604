"""The words on screen for every enum member, and for money and time."""

from .actions import ACTIONS
from .amounts import FEN_PER_WAN, FEN_PER_YI, file_size, money, odds, wan
from .columns import CODED, LEVELS, LISTED, SCALES, differences, in_words
from .times import (
    CITY,
    ago,
    day,
    last_day,
    left,
    minute,
    second,
    since,
    today,
    until,
    written_day,
)
from .words import TONES, enumerations, label, mode_label, ranker_name

__all__ = [
    "ACTIONS",
    "CITY",
    "CODED",
    "FEN_PER_WAN",
    "FEN_PER_YI",
    "LEVELS",
    "LISTED",
    "SCALES",
    "TONES",
    "ago",
    "day",
    "differences",
    "enumerations",
    "file_size",
    "in_words",
    "label",
    "last_day",
    "left",
    "minute",
    "mode_label",
    "money",
    "odds",
    "ranker_name",
    "second",
    "since",
    "today",
    "until",
    "wan",
    "written_day",
]
