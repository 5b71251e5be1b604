"""Whatever happens to the records, an issued list says what it said."""

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from matchmaker.publications import contents, finding, paper, service
from matchmaker.sheets.tables import Form
from models import Embedding, Need, OutboxTask, PublicationEntry
from models.states import NeedStatus, Secrecy

from .test_service import new_list, seen

# What may become of a need, by its own service or by a hand in the tables.
CHANGES = st.one_of(
    st.fixed_dictionaries({"status": st.sampled_from(NeedStatus)}),
    st.fixed_dictionaries(
        {"secrecy": st.sampled_from((Secrecy.PUBLIC, Secrecy.RESTRICTED))}
    ),
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(("改名", "=1+1", "绝密")),
            "problem": st.sampled_from(("另一个问题", "不应出现的内容")),
        }
    ),
    st.fixed_dictionaries({"targets": st.just([]), "district": st.just("望城区")}),
    st.just({"deleted": True}),
)


def raw(session):
    """The entries as the database holds them, byte for byte."""
    rows = session.execute(
        text(
            "SELECT id, list_id, position, record_id, title, CAST(facts AS TEXT),"
            " is_demo FROM publication_entries ORDER BY id"
        )
    )
    return [tuple(row) for row in rows]


def files(made, lines):
    """All that a download of the list tells."""
    table = Document(paper.word(made, lines)).tables[0]
    with paper.sheet(made, lines, Form.CSV) as file:
        return [[cell.text for cell in row.cells] for row in table.rows], file.read()


@pytest.fixture
def life(session, make):
    staff = make.staff()
    ids = [make.need(title=f"第{number}条需求").id for number in range(4)]
    made = service.create(session, staff, new_list(), now=make.now)
    made = service.issue(session, staff, made.id, seen(session, made), now=make.now)
    return staff, ids, made.id


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(0, 3), CHANGES), min_size=1, max_size=8),
    renamed=st.booleans(),
)
def test_whatever_becomes_of_the_records_the_bytes_stay(
    session, make, life, steps, renamed
):
    staff, ids, list_id = life
    made = finding.find(session, None, list_id)
    before = raw(session)
    told = files(made, contents.lines(session, made))
    for place, change in steps:
        _happen(session, ids[place], change)
    if renamed:
        session.execute(text("UPDATE organisations SET name = name || '（改）'"))
        session.commit()
    other = service.create(session, staff, new_list(title="另一份清单"), now=make.now)
    service.gather(session, staff, other.id, other.version, now=make.now)

    session.expire_all()
    after = [row for row in raw(session) if row[1] == list_id]
    assert after == [row for row in before if row[1] == list_id]
    made = finding.find(session, None, list_id)
    lines = contents.lines(session, made)
    assert files(made, lines) == told
    assert contents.is_unaltered(made, lines)


def _happen(session, need_id, change):
    if "deleted" in change:
        for table in (Embedding, OutboxTask):
            session.execute(delete(table).where(table.record_id == need_id))
        session.execute(delete(Need).where(Need.id == need_id))
    else:
        session.execute(update(Need).where(Need.id == need_id).values(**change))
    session.commit()


def test_a_hand_in_the_table_is_noticed(session, life):
    _, _, list_id = life
    made = finding.find(session, None, list_id)
    assert contents.is_unaltered(made, contents.lines(session, made))
    session.execute(
        update(PublicationEntry)
        .where(PublicationEntry.position == 2)
        .values(title="被改过的名称")
    )
    session.commit()
    session.expire_all()
    made = finding.find(session, None, list_id)
    assert not contents.is_unaltered(made, contents.lines(session, made))
