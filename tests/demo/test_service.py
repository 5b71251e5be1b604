"""The demonstration data: put in once, marked throughout, taken out whole."""

import json
from collections import Counter

import pytest
from sqlalchemy import func, select

from matchmaker.accounts import service as accounts
from matchmaker.demo import removal
from matchmaker.demo import service as demo
from matchmaker.jobs.worker import Worker
from matchmaker.labels import CITY, today
from models import (
    TABLES,
    Achievement,
    Base,
    Call,
    Embedding,
    History,
    IndexChange,
    Need,
    Notice,
    Organisation,
    OutboxTask,
    Review,
    Suggestion,
    User,
    transaction,
)
from models.outbox import RecordType
from models.states import (
    Decision,
    Mode,
    OrganisationKind,
    Ownership,
    Role,
    Stage,
    SuggestionStatus,
)

NEED = {
    "id": "N-ES-001",
    "title": "储能电站电池热失控提前预警",
    "field": "ES",
    "organization": "甲能源有限公司(示例)",
    "district": "岳麓区",
    "problem": "磷酸铁锂电池簇过充后温度上升很快,现有烟感报警太晚。",
    "targets": ["误报率≤1%"],
    "budget_wan": 12.5,
    "cooperation": ["合作开发", "技术许可"],
    "deadline": "2026-02",
    "trl_expected": 7,
}
ACHIEVEMENT = {
    "id": "A-ES-001",
    "title": "锂电池热失控早期预警",
    "field": "ES",
    "organization": "乙大学(示例)",
    "inventor": "张三",
    "abstract": "在电池热失控前给出分级预警,磷酸铁锂电池簇过充后及时报警。",
    "indicators": ["误报率0.6%"],
    "trl": 5,
    "stage": "小试",
    "ip": [{"type": "发明专利", "status": "授权", "count": 2}],
    "modes": ["技术转让"],
    "price_wan": None,
    "rights": "单位所有",
}
CALL = {
    "id": "C-ES-001",
    "title": "电池热失控预警揭榜",
    "field": "ES",
    "issuer": "丙园区(示例)",
    "background": "园区储能电站的电池需要在热失控前预警。",
    "goals": ["误报率≤1%"],
    "funding_wan": 300,
    "deadline": "2027-03-15",
}
ROWS = {"needs": [NEED], "achievements": [ACHIEVEMENT], "calls": [CALL]}


def write(folder, **rows):
    """A folder of one part with these rows; text is written as it is."""
    part = folder / "part1"
    part.mkdir(parents=True, exist_ok=True)
    for name, some in (ROWS | rows).items():
        lines = [
            row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
            for row in some
        ]
        (part / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "sample")


SEEDED = {
    "dictionary_entries",
    "holidays",
    "nodes",
    "year_targets",
    "indicator_definitions",
}
# What the copies in memory follow: it only ever grows.
FEEDS = {"index_changes", "suggestion_changes"}


def everything(session):
    """How many rows each table holds, but for those that migrations fill."""
    session.rollback()
    tables = Base.metadata.sorted_tables
    counts = {
        table.name: session.scalar(select(func.count()).select_from(table))
        for table in tables
    }
    return {name: n for name, n in counts.items() if n and name not in SEEDED}


def count(session, table):
    return session.scalar(select(func.count()).select_from(table))


# -- Loading ---------------------------------------------------------------------


def test_the_sample_is_loaded_once_and_marked_throughout(session, make, sample):
    loaded = demo.load(session, sample, now=make.now)
    assert (loaded.needs, loaded.achievements, loaded.calls) == (300, 420, 45)
    before = everything(session)

    assert demo.load(session, sample, now=make.now).total == 0
    assert everything(session) == before
    for table in (*TABLES.values(), Organisation):
        assert set(session.scalars(select(table.is_demo))) == {True}
    assert count(session, OutboxTask) == loaded.total
    names = session.scalars(select(Organisation.name))
    assert all("示例" in name for name in names)
    inventors = session.scalars(select(Achievement.inventors))
    assert all("示例" in name for name in inventors)


@pytest.fixture
def sample():
    from matchmaker.cli.demo import SAMPLE

    return SAMPLE


def test_each_record_says_what_its_line_says(session, make, folder):
    demo.load(session, folder, now=make.now)
    need, call = (
        session.scalars(select(Need)).one(),
        session.scalars(select(Call)).one(),
    )
    achievement = session.scalars(select(Achievement)).one()

    assert (need.code, need.title, need.budget_fen) == (
        "N-ES-001",
        NEED["title"],
        12_500_000,
    )
    assert need.cooperation == [Mode.JOINT, Mode.LICENCE]
    assert need.organisation.kind is OrganisationKind.ENTERPRISE
    assert (achievement.price_fen, achievement.stage) == (None, Stage.SMALL)
    assert achievement.ownership is Ownership.UNIT
    assert achievement.organisation.kind is OrganisationKind.UNIVERSITY
    assert call.issuer.kind is OrganisationKind.PARK
    assert call.opens_at == call.published_at < call.closes_at
    assert call.closes_at.astimezone(CITY).hour == 17
    assert abs((call.closes_at - make.now).days) <= 110
    assert demo.is_loaded(session)


def test_a_need_on_offer_is_due_in_the_future_and_was_published_before(
    session, make, folder
):
    demo.load(session, folder, now=make.now)
    need = session.scalars(select(Need)).one()
    assert need.deadline >= today(make.now)
    assert need.deadline.month == 2
    assert need.published_at <= make.now


def test_what_is_there_already_is_left_as_it_is(session, make, folder):
    demo.load(session, folder, now=make.now)
    with transaction(session):
        session.scalars(select(Need)).one().title = "改过的标题"
    more = dict(NEED, id="N-ES-002")
    write(folder, needs=[dict(NEED, title="又改了"), more, more])

    assert demo.load(session, folder, now=make.now).needs == 1
    titles = session.scalars(select(Need.title).order_by(Need.id)).all()
    assert titles == ["改过的标题", NEED["title"]]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"calls": ["{oops"]}, r"calls\.jsonl, line 1"),
        ({"calls": [CALL, "[]"]}, r"calls\.jsonl, line 2: not an object"),
        ({"calls": [{"id": "C-1"}]}, r"calls\.jsonl, line 1: no «title»"),
        (
            {"calls": [{k: v for k, v in CALL.items() if k != "issuer"}]},
            "C-ES-001: no «issuer»",
        ),
        ({"calls": [dict(CALL, deadline="2027-13-40")]}, "C-ES-001"),
        ({"calls": [dict(CALL, deadline=None)]}, "C-ES-001"),
        ({"calls": [dict(CALL, funding_wan="many")]}, "C-ES-001"),
        ({"achievements": [dict(ACHIEVEMENT, stage="梦想")]}, "A-ES-001: .*梦想"),
        ({"achievements": [dict(ACHIEVEMENT, modes=["送"])]}, "A-ES-001: .*送"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_half_loaded(
    session, make, tmp_path, rows, words
):
    folder = write(tmp_path / "sample", **rows)
    with pytest.raises(ValueError, match=words):
        demo.load(session, folder, now=make.now)
    assert everything(session) == {}


def test_an_empty_folder_loads_nothing(session, make, tmp_path):
    assert demo.load(session, tmp_path, now=make.now).total == 0
    assert not demo.is_loaded(session)


# -- Removing --------------------------------------------------------------------


def work(app, session, make):
    session.rollback()
    index = app.extensions["live_index"]
    Worker(session, index, suggestions=8, clock=lambda: make.now).drain()
    session.rollback()


def review(session, make, pair, reviewer_id):
    with transaction(session):
        row = session.get_one(Suggestion, pair.id)
        row.move_to(SuggestionStatus.APPROVED)
        session.add(
            Review(
                suggestion_id=row.id,
                reviewer_id=reviewer_id,
                decision=Decision.APPROVE,
                from_status=SuggestionStatus.PENDING,
                to_status=SuggestionStatus.APPROVED,
                score=row.score,
                ranker=row.ranker,
                at=make.now,
            )
        )


def test_everything_of_it_is_taken_out_again(app, session, make, folder):
    demo.load(session, folder, now=make.now)
    homes = [
        session.scalar(select(table.organisation_id)) for table in (Need, Achievement)
    ]
    accounts.create_demo_accounts(session, *homes, now=make.now)
    work(app, session, make)
    pairs = list(session.scalars(select(Suggestion)))
    assert len(pairs) == 3
    reviewer_id = make.staff().id
    review(session, make, pairs[0], reviewer_id)
    call = session.scalars(select(Call)).one()
    given = {"organisation_id": homes[1], "user_id": reviewer_id}
    make.question(call, **given)
    make.invited(call, homes[1], user_id=reviewer_id)
    make.linked(call, session.scalars(select(Need)).one())
    make.opinion(call, user_id=reviewer_id)

    assert removal.remove(session, now=make.now) == 3
    left = everything(session)
    assert set(left) <= {"users", "alembic_version"} | FEEDS
    assert list(session.scalars(select(User.id))) == [reviewer_id]
    assert not demo.is_loaded(session)
    # The indexes learn of it through the feed.
    held = app.extensions["live_index"].caught_up(session)
    assert all(len(shelf) == 0 for shelf in held.shelves.values())
    assert removal.remove(session, now=make.now) == 0


def test_real_records_and_what_hangs_on_them_stay(app, session, make, folder):
    need, achievement = make.need(), make.achievement()
    work(app, session, make)
    [own] = session.scalars(select(Suggestion))
    own_id = own.id
    staff_id = make.staff().id
    review(session, make, own, staff_id)
    with transaction(session):
        for facts in ({"need_id": need.id}, {"suggestion_id": own_id}):
            session.add(
                Notice(user_id=staff_id, kind="x", facts=facts, created_at=make.now)
            )
    before = everything(session)
    embedded = count(session, Embedding)
    demo.load(session, folder, now=make.now)
    work(app, session, make)
    assert count(session, Suggestion) > 1
    removal.remove(session, now=make.now)

    after = everything(session)
    grown = after.keys() - FEEDS
    assert {name: after[name] for name in grown} == {
        name: before.get(name, 0) for name in grown
    }
    assert before.keys() <= after.keys()
    assert count(session, Embedding) == embedded
    assert session.get_one(Suggestion, own_id).status is SuggestionStatus.APPROVED
    held = app.extensions["live_index"].caught_up(session)
    assert held.shelves[RecordType.NEED, True].ids() == [need.id]
    assert held.shelves[RecordType.ACHIEVEMENT, True].ids() == [achievement.id]


def test_notices_about_it_go_with_it(session, make, folder):
    demo.load(session, folder, now=make.now)
    need = session.scalars(select(Need)).one()
    real = make.need()
    staff_id = make.staff().id
    with transaction(session):
        for id_ in (need.id, real.id):
            session.add(
                Notice(
                    user_id=staff_id,
                    kind="need_submitted",
                    facts={"need_id": id_},
                    created_at=make.now,
                )
            )
    real_id = real.id
    removal.remove(session, now=make.now)
    assert [n.facts for n in session.scalars(select(Notice))] == [{"need_id": real_id}]


def test_an_account_with_a_trace_is_closed_not_erased(session, make, folder):
    demo.load(session, folder, now=make.now)
    home = session.scalar(select(Need.organisation_id))
    accounts.create_demo_accounts(session, home, home, now=make.now)
    actor = session.scalars(select(User).where(User.role == Role.ENTERPRISE)).one()
    with transaction(session):
        session.add(
            History(
                at=make.now,
                actor_id=actor.id,
                action="need.created",
                record_type="needs",
                record_id=10**6,
                changes={},
            )
        )
    removal.remove(session, now=make.now)

    [left] = session.scalars(select(User))
    assert (left.id, left.active, left.organisation_id) == (actor.id, False, home)
    assert count(session, Organisation) == 1


def test_a_real_need_of_a_demonstration_organisation_keeps_it(session, make, folder):
    demo.load(session, folder, now=make.now)
    home = session.scalar(select(Need.organisation_id))
    real_id = make.need(organisation_id=home).id
    removal.remove(session, now=make.now)

    assert list(session.scalars(select(Need.id))) == [real_id]
    assert list(session.scalars(select(Organisation.id))) == [home]


def test_it_can_be_loaded_again(session, make, folder):
    demo.load(session, folder, now=make.now)
    first = count(session, IndexChange)
    removal.remove(session, now=make.now)
    assert demo.load(session, folder, now=make.now).total == 3
    kinds = Counter(row.record_type for row in session.scalars(select(OutboxTask)))
    assert kinds == dict.fromkeys(RecordType, 1)
    assert count(session, IndexChange) > first
