"""What a reader may not see changes nothing of what a program gets in its name.

The same comparison as for the pages (`tests.test_leaks`): every operation that reads is
asked twice, before and after the hidden thing is there.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from matchmaker import matrix
from matchmaker.api.operations import Operation
from matchmaker.api.registry import operations
from matchmaker.search.api import SearchQuery
from matchmaker.search.schema import ListQuery
from models import Need
from models.outbox import RecordType
from models.states import Role

from ..test_leaks import (
    FIRM,
    HIDDEN,
    KNOWN,
    MARKERS,
    MASKED,
    PROBLEM,
    PUBLIC_TITLE,
    QUERIES,
    TITLE,
    change_full_text,
    differences,
    hide,
    hide_files,
    masked_need,
    offered,
    outsiders,
)
from ..walk import ID, index_everything, notify, populate
from .conftest import Program
from .samples import least
from .test_bids import submitted

pytestmark = pytest.mark.one_database

NUMBER = re.compile(r"<int:\w+>")
# That a copy was taken is noted, and told by the next answer about its record.
NOTED = "/contracts/<int:contract_id>/registration.xlsx"
NUMBERS = (ID, MASKED, KNOWN, *range(HIDDEN, HIDDEN + 9))
# An edit is counted, whatever it was about.
VERSION = re.compile(r'"version":\d+')
Answers = dict[tuple[str, str], tuple[int, str]]


def test_what_is_hidden_changes_nothing_that_a_program_gets(make, program):
    readers = outsiders(make)
    firm = make.organisation(name=FIRM)
    owner = make.user(organisation_id=firm.id)
    masked = masked_need(make)
    people = dict(readers)
    offer = offered(make, people["university"])
    make.introduction(masked, offer, id=MASKED, manager_id=people["manager"].id)
    make.need(id=KNOWN, title="输送带跑偏纠正", problem="输送带跑偏。", targets=[])
    index_everything(make)
    programs = {role: program(user) for role, user in readers}
    before = read(programs)
    assert PUBLIC_TITLE in before["university", f"/achievements/{offer.id}/buyers"][1]
    assert offer.title in before["visitor", "/match"][1]

    hide(make, firm, make.session.get_one(Need, ID))
    notify(make, owner.id, HIDDEN, TITLE)
    change_full_text(make, masked)
    hide_files(make, masked)
    index_everything(make)
    after = read(programs)

    assert differences(before, after) == []
    for place, (_, body) in after.items():
        found = [marker for marker in MARKERS if marker in body]
        assert not found, (place, found)


def test_of_a_sealed_bid_nobody_else_learns_anything(make, program):
    """Nor does the staff, or whose call it is, learn that there is one at all."""
    users = populate(make)
    issuer = make.user(organisation_id=make.organisation().id)
    call = make.call(id=HIDDEN, issuer_id=issuer.organisation_id)
    college = make.organisation(name=FIRM)
    bidder = program(make.user(Role.UNIVERSITY, organisation_id=college.id))
    programs = {"issuer": program(issuer)} | {
        role: program(users[role]) for role in ("enterprise", "staff", "admin")
    }
    before = read_of(programs, HIDDEN)
    bid = submitted(bidder, call)
    after = read_of(programs, HIDDEN)
    assert differences(before, after) == []
    assert not any(bid["digest"] in body for _, body in after.values())
    for caller in programs.values():
        for place in ("", "/receipt", "/statement"):
            assert caller.get(f"/bids/{bid['id']}{place}").status_code in (403, 404)


def read_of(programs: dict[str, Program], number: int) -> Answers:
    """Every operation that reads, but for files, of this number alone."""
    return {
        (role, path): told(caller.get(path, query_string=least_query(one)))
        for role, caller in programs.items()
        for one in operations()
        if one.reads and not one.returns_file
        for path in [NUMBER.sub(str(number), one.rule)]
    }


def read(programs: dict[str, Program]) -> Answers:
    """Every operation that reads, of every number that hides something."""
    found: Answers = {}
    for role, caller in programs.items():
        for one in operations():
            if not one.reads or one.rule == NOTED:
                continue
            for path, query in addresses(one, role):
                answer = caller.get(path, query_string=query)
                place = f"{path}?{query}" if query else path
                found[role, place] = told(answer)
        said = {"text": PROBLEM, "targets": ["裂纹明显减少"], "limit": 20}
        found[role, "/match"] = told(caller.post("/match", json=said))
    return found


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, VERSION.sub("", answer.text)


def addresses(one: Operation, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the operation is asked; once, where the role may never."""
    ever = may_ever(one, role)
    if NUMBER.search(one.rule):
        for number in NUMBERS if ever else NUMBERS[-1:]:
            yield NUMBER.sub(str(number), one.rule), least_query(one)
    else:
        for query in queries(one) if ever else [least_query(one)]:
            yield one.rule, query


def may_ever(one: Operation, role: str) -> bool:
    action = one.line.action
    if action in matrix.actions:
        return matrix.actions[action][role] != "-"
    return role != matrix.VISITOR or action == matrix.OPEN


def queries(one: Operation) -> list[dict[str, Any]]:
    plain = [query for query in QUERIES if "page" not in query]
    if one.query is ListQuery:
        return plain
    if one.query is SearchQuery:
        asked = [query for query in plain if "q" in query]
        return [query | {"kind": str(kind)} for query in asked for kind in RecordType]
    return [least_query(one)]


def least_query(one: Operation) -> dict[str, Any]:
    return dict(least(one.query)) if one.query is not None else {}
