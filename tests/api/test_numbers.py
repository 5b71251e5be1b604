"""A number that names nothing, or fits no column, is not found and no fault of ours."""

import re
from typing import Any

import pytest

from matchmaker.api import strict
from matchmaker.api.operations import Operation
from matchmaker.api.registry import operations
from models.states import Role

NUMBERED = [one for one in operations() if "<int:" in one.rule]
ODD = (0, 2**31 - 1, 2**63)


def least(shape: Any, inside: Any) -> Any:
    """The smallest value of a schema; only for what bodies of ours are made of."""
    shape = strict._inner(shape, inside)
    if "enum" in shape:
        return shape["enum"][0]
    kind = shape.get("type")
    if kind == "object":
        return {
            name: least(shape["properties"][name], inside)
            for name in shape.get("required", ())
        }
    if kind == "array":
        return [least(shape["items"], inside)] * shape.get("minItems", 0)
    if kind == "integer":
        return shape.get("minimum", 1)
    if kind == "boolean":
        return True
    formats = {"date": "2027-06-30", "date-time": "2027-06-30T09:00:00Z"}
    words = "写明一句完整的话" * 8
    return formats.get(shape.get("format", "")) or words[: shape.get("maxLength", 60)]


def sent(operation: Operation) -> dict[str, Any]:
    """What goes with a request whose number is the only thing wrong."""
    if operation.body is None:
        return {}
    schema = strict.schema(operation.body)
    return {
        "json": least(schema, schema.get("$defs", {})),
        "headers": {"If-Match": '"v1"'},
    }


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
