"""The permission matrix holds for programs as it does for the pages.

What a person may read by a page a program may read, and nobody else; what a person
may not do no program does for it, whatever it sends.
"""

import re
from typing import Any

import pytest
from sqlalchemy.orm import Session

from matchmaker import matrix
from matchmaker.api.operations import Operation
from matchmaker.api.registry import operations

from ..test_matrix import Thing, World, world  # noqa: F401
from .conftest import Program
from .samples import least

NUMBER = re.compile(r"<int:\w+>")
DONE = {200, 201, 204, 400, 409, 412, 415, 422, 428}
NOT_REACHED = {400, 415, 422, 428}
REFUSED = {401, 403, 404}


@pytest.mark.one_database
@pytest.mark.parametrize("role", matrix.ROLES)
def test_every_operation_answers_as_the_matrix_says(
    session: Session,
    world: World,  # noqa: F811
    program: Any,
    role: str,
) -> None:
    caller = program(world.users[role])
    for one in operations():
        things = world.of(one.line.record) if one.line.record else [None]
        assert things, f"the walk has no «{one.line.record}»"
        for thing in things:
            answer = send(caller, one, thing)
            if thing is not None and not one.reads and answer.status_code < 400:
                session.rollback()
                thing.put_back(session)
            place = (role, one.name, thing and (thing.state, thing.secrecy))
            status = answer.status_code
            assert status < 500, (place, answer.text)
            if may(one, role, thing):
                assert status in DONE, (place, status, answer.text[:300])
            else:
                allowed = REFUSED if one.reads else REFUSED | NOT_REACHED
                assert status in allowed, (place, status, answer.text[:300])


def send(caller: Program, one: Operation, thing: Thing | None) -> Any:
    path = NUMBER.sub(str(thing.row["id"]) if thing else "0", one.rule)
    given: dict[str, Any] = {}
    if one.body is not None:
        given["json"] = least(one.body)
    if one.query is not None and (needed := least(one.query)):
        given["query_string"] = needed
    if "version" in one.asks:
        given["headers"] = {"If-Match": '"v1"'}
    return caller.send(one.method, path, **given)


def may(one: Operation, role: str, thing: Thing | None) -> bool:
    """What the tables of the matrix say."""
    action = one.line.action
    if action == matrix.OPEN:
        return thing is None or thing.is_seen_by(role)
    if role == matrix.VISITOR:
        return False
    if thing is not None and not thing.is_seen_by(role):
        return False
    scope = matrix.actions.get(action, {}).get(role, "any")
    own = thing is not None and role in thing.owners
    own = own and (role, action) not in (thing.barred if thing else ())
    return scope == "any" or (scope == "own" and (own or thing is None))
