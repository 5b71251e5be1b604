"""Where a subject is used is part of the text by which a record is found."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from index import embed
from index.hybrid import Shelf
from index.sync import LiveIndex, compare
from index.text import Source, full_source, passages, reference, sources
from matchmaker.jobs import outbox
from models import Need, OutboxTask, migrate, transaction, utcnow
from models.outbox import Audience, Part, RecordType, TaskKind
from models.states import AchievementStatus, NeedStatus, Secrecy

from . import corpus
from .test_duplicates import prepared

NEED, ACHIEVEMENT = RecordType.NEED, RecordType.ACHIEVEMENT
BARE = Source("防附着涂层", "以有机硅为底，附着力低。", ("附着率≤5%",))
USED = replace(BARE, context="深远海养殖网箱。船底。")
WORD = "深远海养殖网箱"


# -- The text ------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_without_a_context_the_text_is_what_it_was(blank):
    """So the vectors stored of it stay."""
    same = replace(BARE, context=blank)
    assert same.hash == BARE.hash
    assert same.whole == "防附着涂层\n以有机硅为底，附着力低。\n附着率≤5%"
    assert passages(same) == passages(BARE)


def test_a_context_comes_last_and_its_sentences_are_no_place_in_the_body():
    assert USED.hash != BARE.hash
    assert USED.whole == f"{BARE.whole}\n{USED.context}"
    assert USED.bare == BARE
    found = [p for p in passages(USED) if p.part is Part.SENTENCE]
    assert [p.position for p in found] == list(range(len(found)))
    more = [p for p in found if p.start < 0]
    assert "".join(p.text for p in more) == USED.context
    assert USED.meaning_hash == BARE.meaning_hash


def test_scene_and_field_of_use_are_searched_and_what_is_commercial_is_not(make):
    need = make.need(
        scene="高原隧道", tried="试过超声", solver_conditions="须有资质", contact="甲"
    )
    found = full_source(need)
    assert found.context == "高原隧道"
    assert not any(word in found.whole for word in ("超声", "资质", "甲"))
    offer = make.achievement(
        applications="矿用电机车", terms="提成百分之三", pilot_needs="要六百平"
    )
    found = full_source(offer)
    assert found.context == "矿用电机车"
    assert not any(word in found.whole for word in ("提成", "六百"))


@pytest.mark.parametrize(
    ("secrecy", "audiences"),
    [
        (Secrecy.PUBLIC, {Audience.EVERYONE: True}),
        (Secrecy.MASKED, {Audience.OUTSIDE: False, Audience.INSIDE: True}),
        (Secrecy.RESTRICTED, {Audience.INSIDE: True}),
    ],
)
def test_the_scene_of_a_need_that_is_not_public_is_in_its_full_text_only(
    make, secrecy, audiences
):
    public = {"public_title": "监测", "public_problem": "磨损。", "public_targets": []}
    given = public if secrecy is Secrecy.MASKED else {}
    need = make.need(secrecy=secrecy, scene=WORD, **given)
    found = sources(need)
    assert {who: WORD in text.whole for who, text in found.items()} == audiences
    told = need.public_text
    assert (told is not None and told.scene == WORD) == (secrecy is Secrecy.PUBLIC)


# -- What is stored ------------------------------------------------------------------


def index() -> LiveIndex:
    return LiveIndex(lambda: corpus.ENCODER)


def differing(session):
    session.rollback()
    held = index().caught_up(session)
    return held, compare(session, held, corpus.ENCODER.name)


def test_a_record_that_gained_a_context_is_found_without_it_meanwhile(
    session, make, indexed
):
    need, other = make.need(), make.need()
    indexed()
    with transaction(session):
        session.get_one(Need, need.id).scene = WORD
    held, report = differing(session)
    assert report.unencoded == [(NEED, need.id)]
    assert (report.missing, report.stale, report.extra) == ([], [], [])
    known = held.get(NEED, need.id, inside=True)
    assert known is not None
    assert known.text_hash == full_source(other).hash

    make.session.refresh(need)
    with transaction(session):
        outbox.promise(session, TaskKind.ENCODE, NEED, need.id, now=make.now)
    indexed()
    held, report = differing(session)
    assert not report.differs
    assert WORD in {p.text for p in held.get(NEED, need.id, inside=True).passages}


def test_the_migration_asks_for_new_vectors_of_these_records_only(app, make, session):
    wanted = [
        make.need(scene="高原隧道"),
        make.achievement(applications="矿用电机车"),
    ]
    make.need()
    make.achievement(applications="  ")
    make.need(scene="高原隧道", status=NeedStatus.DRAFT)
    make.achievement(applications="甲", status=AchievementStatus.WITHDRAWN)
    expected = [("encode", NEED, wanted[0].id), ("encode", ACHIEVEMENT, wanted[1].id)]
    engine = app.extensions["db_engine"]
    for move in (
        lambda: migrate.downgrade(engine, "0012-1"),
        lambda: migrate.upgrade(engine),
    ):
        with transaction(session):
            session.execute(delete(OutboxTask))
        session.close()
        move()
        tasks = session.scalars(select(OutboxTask).order_by(OutboxTask.id)).all()
        found = [(one.kind, one.record_type, one.record_id) for one in tasks]
        assert found == expected
        assert all(one.retry_at <= utcnow() for one in tasks)


# -- What it is worth ----------------------------------------------------------------


@pytest.mark.encoder
def test_a_field_of_use_brings_the_achievement_to_who_asks_for_it(remembering):
    """Two of one text; one says where it is used, in words the text has not."""
    plain = Source(
        "低表面能防附着涂层的制备",
        "以有机硅改性树脂为底层，引入两亲性链段，使表面能低于20 mN/m，减少生物膜附着，"
        "耐盐雾1000 h。",
        ("附着率≤5%",),
    )
    used = replace(plain, context="海水养殖网箱的网衣，海上浮标，防止藤壶和藻类长满。")
    shelf = Shelf(remembering.dimension)
    texts = [plain, used, *reference()[::2]]
    for record in prepared(remembering, ACHIEVEMENT, texts):
        shelf.put(record)
    asked = embed.question(remembering, "养鱼的网箱下水几个月就长满藤壶")
    first, *rest = shelf.rank(asked, limit=len(texts))
    assert first.record_id == 1
    [behind] = [hit for hit in rest if hit.record_id == 0]
    assert first.score - behind.score > 1
