"""Every state has its own word on screen."""

import inspect
from enum import StrEnum

import pytest

from matchmaker.labels import in_words, label
from matchmaker.labels.words import _LABELS
from models import states
from models.states import (
    CallStatus,
    IpWish,
    MailState,
    OrganisationRole,
    Ownership,
    Role,
)

ENUMS = [
    found
    for _, found in inspect.getmembers(states, inspect.isclass)
    if issubclass(found, StrEnum) and found is not StrEnum
]


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (Role.MANAGER, "技术经理人"),
        (OrganisationRole.MANAGER, "管理员"),
        (IpWish.OPEN, "可以商量"),
        (CallStatus.OPEN, "揭榜中"),
        (IpWish.SHARED, "双方共有"),
        (Ownership.SHARED, "单位与完成人共有"),
        (CallStatus.FAILED, "流榜"),
        (MailState.FAILED, "发送失败"),
    ],
)
def test_members_with_one_value_keep_their_own_words(member, words):
    assert label(member) == words


@pytest.mark.parametrize("enum", ENUMS)
def test_an_enum_has_words_for_all_its_members_or_none_and_they_differ(enum):
    words = [_LABELS[enum, member] for member in enum if (enum, member) in _LABELS]
    assert len(words) in (0, len(enum))
    assert len(set(words)) == len(words)


def test_a_measure_is_told_with_its_comparison():
    swing = {
        "name": "摆幅",
        "comparator": "le",
        "value": "350",
        "upper": "",
        "unit": "mm",
        "must": True,
    }
    warm = swing | {
        "name": "温度",
        "comparator": "range",
        "value": "20",
        "upper": "40",
        "unit": "℃",
        "must": False,
    }
    unread = swing | {"comparator": "", "value": ""}
    told = in_words("measures", [swing, unread, warm])
    assert told == "摆幅 ≤ 350 mm；温度 介于 20~40 ℃（期望）"
    assert in_words("measures", [unread]) == "(未填写)"
