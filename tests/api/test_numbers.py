"""A number that names nothing, or fits no column, is not found and no fault of ours."""

import re
from typing import Any

import pytest

from matchmaker.api.operations import Operation
from matchmaker.api.registry import operations
from models.states import Role

from .samples import least

NUMBERED = [one for one in operations() if "<int:" in one.rule]
ODD = (0, 2**31 - 1, 2**63)


def sent(operation: Operation) -> dict[str, Any]:
    """What goes with a request whose number is the only thing wrong."""
    given: dict[str, Any] = {}
    if operation.body is not None:
        given["json"] = least(operation.body)
    if "version" in operation.asks:
        given["headers"] = {"If-Match": '"v1"'}
    return given


@pytest.mark.parametrize(
    "operation", NUMBERED, ids=[f"{one.method} {one.rule}" for one in NUMBERED]
)
def test_a_number_that_names_nothing_is_not_found(program, make, operation):
    people = [make.staff(), make.user(org_role="manager"), make.user(Role.EXPERT)]
    for person in people:
        theirs = program(person)
        for number in ODD:
            path = re.sub(r"<int:\w+>", str(number), operation.rule)
            answer = theirs.send(operation.method, path, **sent(operation))
            assert answer.status_code in (403, 404, 409, 415, 422), (path, answer.text)
