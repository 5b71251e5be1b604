"""Lists are composed of public records, issued as they were seen, and then frozen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import event, select, update

from matchmaker.errors import Conflict, Forbidden, Invalid, NotFound
from matchmaker.needs import service as needs
from matchmaker.publications import contents, finding, service
from matchmaker.publications.schema import (
    MOST_ENTRIES,
    EditedList,
    ListArrangement,
    ListSeen,
    ListWithdrawal,
    NewList,
)
from matchmaker.schema import parse
from models import History, Need, Notice, PublicationEntry, PublicationList, User
from models.states import (
    NeedStatus,
    OrganisationRole,
    PublicationKind,
    PublicationState,
    Role,
    Secrecy,
)

MASKED = {
    "secrecy": Secrecy.MASKED,
    "title": "湘江三号电池包的验收办法",
    "problem": "客户宁江汽车要求在验收时判断电池状态。",
    "public_title": "储能产品验收",
    "public_problem": "需要在验收时判断电池状态。",
    "public_targets": ["判断时间不超过一小时"],
}


def new_list(kind=PublicationKind.NEEDS, **given):
    values = {
        "kind": kind.value,
        "title": "2026 年第一批清单",
        "issuer": "长沙技术交易撮合平台",
    }
    return parse(NewList, values | given)


def seen(session, made):
    """The list as a page shows it now."""
    session.refresh(made)
    shown = [one for one in contents.lines(session, made) if one.entry.included]
    return ListSeen(version=made.version, digest=contents.digest(made, shown))


@pytest.fixture
def staff(make):
    return make.staff()


@pytest.fixture
def issued(session, make, staff):
    """What issues a draft as it is now."""

    def do(made, now=None):
        found = seen(session, made)
        return service.issue(session, staff, made.id, found, now=now or make.now)

    return do


def texts(session, made):
    return [line.title for line in contents.lines(session, made)]


def test_a_draft_gathers_what_every_visitor_may_read(session, make, staff):
    old = make.need(title="较早的需求", published_at=make.now - timedelta(days=3))
    make.need(title="较新的需求")
    make.need(**MASKED)
    make.need(title="定向需求", secrecy=Secrecy.RESTRICTED)
    for status in set(NeedStatus) - {NeedStatus.PUBLISHED}:
        make.need(title="没有公开征集", status=status)

    made = service.create(session, staff, new_list(), now=make.now)

    assert texts(session, made) == ["储能产品验收", "较新的需求", "较早的需求"]
    assert made.entries[-1].record_id == old.id
    assert made.number is None
    assert finding.code(made) == ""


def test_the_filters_are_those_of_the_lists(session, make, staff):
    make.need(title="望城的", district="望城区")
    make.need(title="新材料", field="NM")
    make.need(title="上个月的", published_at=make.now - timedelta(days=40))
    make.need(title="符合的")
    chosen = {
        "field": ["ES"],
        "district": ["岳麓区"],
        "from_on": "2026-11-01",
        "until_on": "2026-11-23",
    }

    made = service.create(session, staff, new_list(**chosen), now=make.now)

    assert texts(session, made) == ["符合的"]
    assert made.chosen == chosen


def test_a_period_is_of_days_of_the_city(session, make, staff):
    first = make.now.replace(hour=15, minute=59)  # one minute to midnight
    make.need(title="当天", published_at=first)
    make.need(title="次日", published_at=first + timedelta(minutes=1))

    made = service.create(session, staff, new_list(until_on="2026-11-23"), now=make.now)

    assert texts(session, made) == ["当天"]


def test_scenes_come_from_needs_whose_public_text_tells_one(session, make, staff):
    make.need(title="有场景", scene="在储能电站的电池舱里使用。")
    make.need(title="没有场景")
    make.need(scene="宁江汽车的二号产线", **MASKED)

    made = service.create(
        session, staff, new_list(PublicationKind.SCENES), now=make.now
    )

    (line,) = contents.lines(session, made)
    assert line.title == "有场景"
    assert line.fact("应用场景") == "在储能电站的电池舱里使用。"


def test_a_masked_need_gives_its_public_text_and_the_band_of_its_budget(
    session, make, staff, issued
):
    need = make.need(budget_fen=123_456_700, **MASKED)
    made = issued(service.create(session, staff, new_list(), now=make.now))

    (entry,) = made.entries
    said = entry.title + "".join(words for _, words in entry.facts)
    for secret in ("湘江三号", "宁江汽车", need.organisation.name, "123.45", "123"):
        assert secret not in said
    assert "储能产品验收" in said
    assert "一百多万元" in said


def test_achievements_have_no_district(session, make, staff):
    data = new_list(PublicationKind.ACHIEVEMENTS, district=["岳麓区"])
    with pytest.raises(Invalid) as refused:
        service.create(session, staff, data, now=make.now)
    assert "district" in refused.value.fields
    assert session.scalar(select(PublicationList.id)) is None


def test_a_list_of_achievements_names_no_person(session, make, staff, issued):
    make.achievement(inventors="李实名")
    data = new_list(PublicationKind.ACHIEVEMENTS)
    made = issued(service.create(session, staff, data, now=make.now))
    assert "李实名" not in str([entry.facts for entry in made.entries])


def test_more_than_a_list_can_hold_is_refused(session, make, staff, monkeypatch):
    monkeypatch.setattr(contents, "MOST_ENTRIES", 2)
    assert MOST_ENTRIES > 2
    for _ in range(3):
        make.need()
    with pytest.raises(Invalid, match="invalid") as refused:
        service.create(session, staff, new_list(), now=make.now)
    assert "3 条" in refused.value.fields["field"]
    assert session.scalar(select(PublicationList.id)) is None


@pytest.mark.parametrize("kind", [PublicationKind.NEEDS, PublicationKind.SCENES])
def test_no_text_is_read_to_gather_what_a_list_cannot_hold(
    session, make, staff, monkeypatch, kind
):
    """Who chooses nothing at all finds a hundred thousand records."""
    monkeypatch.setattr(contents, "MOST_ENTRIES", 2)
    for _ in range(3):
        session.expunge(make.need(scene="在储能电站的电池舱里使用。"))
    read = []

    def note(need, _):
        read.append(need)

    event.listen(Need, "load", note)
    try:
        with pytest.raises(Invalid) as refused:
            service.create(session, staff, new_list(kind), now=make.now)
    finally:
        event.remove(Need, "load", note)
    assert "3 条" in refused.value.fields["field"]
    assert read == []


def test_entries_are_ordered_and_left_out(session, make, staff, issued):
    for title in ("丙", "乙", "甲"):
        make.need(title=f"需求{title}号")
    made = service.create(session, staff, new_list(), now=make.now)
    one, two, three = (entry.id for entry in made.entries)
    data = ListArrangement(
        version=made.version,
        entries=[one, two, three],
        places=[30, 20, 10],
        keep=[one, three],
    )

    service.arrange(session, staff, made.id, data, now=make.now)
    made = issued(made)

    assert texts(session, made) == ["需求丙号", "需求甲号"]
    assert [entry.position for entry in made.entries] == [1, 2]


def test_gathering_anew_keeps_order_and_what_was_left_out(session, make, staff):
    gone = make.need(title="将撤回的")
    make.need(title="要去掉的")
    made = service.create(session, staff, new_list(), now=make.now)
    left, _ = made.entries
    data = ListArrangement(version=made.version, entries=[left.id], places=[9], keep=[])
    service.arrange(session, staff, made.id, data, now=make.now)
    needs.withdraw_need(session, _author(make, gone), gone.id, now=make.now)
    make.need(title="后来发布的")
    session.refresh(made)

    service.gather(session, staff, made.id, made.version, now=make.now)

    session.refresh(made)
    told = [(one.title, one.entry.included) for one in contents.lines(session, made)]
    assert told == [("要去掉的", False), ("后来发布的", True)]


def _author(make, need):
    return make.user(
        organisation_id=need.organisation_id, org_role=OrganisationRole.MANAGER
    )


def test_issuing_gives_number_day_and_one_notice(session, make, staff, issued):
    need = make.need()
    make.need(organisation_id=need.organisation_id)
    member = _author(make, need)
    made = issued(service.create(session, staff, new_list(), now=make.now))
    other = issued(service.create(session, staff, new_list(), now=make.now))

    assert finding.code(made) == "需求清单〔2026〕第1号"
    assert finding.code(other) == "需求清单〔2026〕第2号"
    assert made.issued_at == make.now
    assert made.issued_by_id == staff.id
    told = session.scalars(select(Notice).where(Notice.user_id == member.id)).all()
    assert [one.kind for one in told] == ["publication_issued"] * 2
    assert told[0].facts["number"] == 2
    actions = session.scalars(
        select(History.action).where(
            History.record_type == "publication_lists", History.record_id == made.id
        )
    ).all()
    assert actions == ["publication.created", "publication.issued"]


def test_numbers_begin_anew_in_each_kind_and_year_of_the_city(
    session, make, staff, issued
):
    make.need()
    make.achievement()
    first = issued(service.create(session, staff, new_list(), now=make.now))
    other = service.create(
        session, staff, new_list(PublicationKind.ACHIEVEMENTS), now=make.now
    )
    issued(other)
    late = make.now.replace(month=12, day=31, hour=16)  # midnight in the city
    next_year = issued(service.create(session, staff, new_list(), now=make.now), late)
    assert finding.code(first) == "需求清单〔2026〕第1号"
    assert finding.code(other) == "成果清单〔2026〕第1号"
    assert finding.code(next_year) == "需求清单〔2027〕第1号"


@pytest.mark.parametrize(
    "change",
    [
        {"secrecy": Secrecy.RESTRICTED},
        {"status": NeedStatus.WITHDRAWN},
        {"title": "改过的名称"},
        {"problem": "改过的问题，比原来写得更清楚。"},
        {"deadline": None},
    ],
)
def test_what_changed_since_it_was_seen_is_not_issued(session, make, staff, change):
    need = make.need()
    make.need(title="没有变的")
    made = service.create(session, staff, new_list(), now=make.now)
    found = seen(session, made)
    session.execute(update(Need).where(Need.id == need.id).values(**change))
    session.commit()

    with pytest.raises(Conflict, match=r"publication\.changed"):
        service.issue(session, staff, made.id, found, now=make.now)

    session.refresh(made)
    assert made.is_draft
    assert all(entry.facts is None for entry in made.entries)


def test_a_need_restricted_after_the_preview_is_in_no_issued_list(
    session, make, staff, issued
):
    need = make.need(title="后来定向的需求")
    make.need(title="公开的需求")
    made = service.create(session, staff, new_list(), now=make.now)
    session.execute(
        update(Need).where(Need.id == need.id).values(secrecy=Secrecy.RESTRICTED)
    )
    session.commit()

    made = issued(made)  # seen again, as it is now

    assert texts(session, made) == ["公开的需求"]
    rows = session.scalars(select(PublicationEntry)).all()
    assert [row.record_id == need.id for row in rows] == [False]


def test_nothing_to_issue_is_refused(session, make, staff):
    made = service.create(session, staff, new_list(), now=make.now)
    with pytest.raises(Conflict, match=r"publication\.empty"):
        service.issue(session, staff, made.id, seen(session, made), now=make.now)


def test_records_of_the_demonstration_stand_in_no_list_beside_real_ones(
    session, make, staff
):
    """Taking the demonstration away would take an issued list of real records."""
    make.need()
    make.need(is_demo=True)
    made = service.create(session, staff, new_list(), now=make.now)
    with pytest.raises(Conflict, match=r"publication\.mixed"):
        service.issue(session, staff, made.id, seen(session, made), now=make.now)
    session.refresh(made)
    assert (made.state, made.number) == (PublicationState.DRAFT, None)


def test_an_issued_list_is_not_edited_in_any_way(session, make, staff, issued):
    make.need()
    made = issued(service.create(session, staff, new_list(), now=make.now))
    version = made.version
    edit = EditedList(title="另一个名称", issuer="另一个单位", version=version)
    order = ListArrangement(version=version)
    for act in (
        lambda: service.edit(session, staff, made.id, edit, now=make.now),
        lambda: service.arrange(session, staff, made.id, order, now=make.now),
        lambda: service.gather(session, staff, made.id, version, now=make.now),
        lambda: service.discard(session, staff, made.id, version, now=make.now),
        lambda: service.issue(
            session,
            staff,
            made.id,
            ListSeen(version=version, digest=made.digest),
            now=make.now,
        ),
    ):
        with pytest.raises(Conflict, match=r"publication\.issued"):
            act()
    for change in ({"title": "改写"}, {"facts": [["单位", "改写"]]}, {"position": 7}):
        entry = session.scalars(select(PublicationEntry)).one()
        for name, value in change.items():
            setattr(entry, name, value)
        with pytest.raises(RuntimeError, match="cannot be changed"):
            session.flush()
        session.rollback()
    session.delete(session.scalars(select(PublicationEntry)).one())
    with pytest.raises(RuntimeError, match="cannot be changed"):
        session.flush()


def test_a_withdrawn_list_keeps_number_and_reason_and_hides_its_entries(
    session, make, staff, issued
):
    need = make.need()
    member = _author(make, need)
    made = issued(service.create(session, staff, new_list(), now=make.now))
    data = ListWithdrawal(version=made.version, words="有一条的单位写错了")

    service.withdraw(session, staff, made.id, data, now=make.now)

    found = finding.find(session, None, made.id)
    assert found.state is PublicationState.WITHDRAWN
    assert found.withdrawn_words == "有一条的单位写错了"
    assert len(found.entries) == 1
    kinds = session.scalars(
        select(Notice.kind).where(Notice.user_id == member.id).order_by(Notice.id)
    )
    assert kinds.all() == ["publication_issued", "publication_withdrawn"]
    with pytest.raises(Conflict, match=r"publication\.not_issued"):
        service.withdraw(session, staff, made.id, data, now=make.now)


def test_a_correction_takes_the_place_of_the_list(session, make, staff, issued):
    need = make.need(title="原来的名称")
    old = issued(service.create(session, staff, new_list(), now=make.now))
    new = service.replace(session, staff, old.id, now=make.now)
    session.execute(update(Need).where(Need.id == need.id).values(title="更正的名称"))
    session.commit()
    assert old.state is PublicationState.ISSUED

    new = issued(new)

    session.refresh(old)
    assert old.state is PublicationState.WITHDRAWN
    assert old.withdrawn_words == "由需求清单〔2026〕第2号代替"
    assert texts(session, old) == ["原来的名称"]
    assert texts(session, new) == ["更正的名称"]
    with pytest.raises(Conflict, match=r"publication\.has_successor"):
        service.replace(session, staff, old.id, now=make.now)


def test_whom_a_correction_leaves_out_is_told_that_the_list_is_withdrawn(
    session, make, staff, issued
):
    kept, dropped = make.need(title="留下的需求"), make.need(title="撤回的需求")
    members = {need.title: _author(make, need).id for need in (kept, dropped)}
    old = issued(service.create(session, staff, new_list(), now=make.now))
    needs.withdraw_need(session, _author(make, dropped), dropped.id, now=make.now)
    issued(service.replace(session, staff, old.id, now=make.now))

    told = {
        title: session.scalars(
            select(Notice.kind)
            .where(Notice.user_id == user_id, Notice.kind.startswith("publication"))
            .order_by(Notice.id)
        ).all()
        for title, user_id in members.items()
    }
    assert told == {
        "留下的需求": ["publication_issued"] * 2,
        "撤回的需求": ["publication_issued", "publication_withdrawn"],
    }


def test_two_who_issue_at_once_get_two_numbers_or_are_told(app, session, make, staff):
    """Of four at once none gets another's number, and none is issued without one."""
    make.need()
    made = [service.create(session, staff, new_list(), now=make.now) for _ in range(4)]
    data = {one.id: seen(session, one) for one in made}
    staff_id = staff.id
    session.rollback()
    gate = Barrier(len(data), timeout=30)

    def issue(list_id):
        with app.extensions["db_sessions"]() as own:
            actor = own.get_one(User, staff_id)
            gate.wait()
            try:
                service.issue(own, actor, list_id, data[list_id], now=make.now)
            except Conflict as conflict:
                return conflict.code
        return "issued"

    with ThreadPoolExecutor(len(data)) as pool:
        answers = list(pool.map(issue, data))

    session.expire_all()
    rows = session.scalars(select(PublicationList)).all()
    numbers = sorted(row.number for row in rows if not row.is_draft)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == answers.count("issued") >= 1
    assert set(answers) <= {"issued", "publication.number_taken"}


def test_a_given_up_draft_leaves_nothing_but_its_history(session, make, staff):
    make.need()
    made = service.create(session, staff, new_list(), now=make.now)
    number = made.id
    service.discard(session, staff, number, made.version, now=make.now)
    assert session.scalar(select(PublicationEntry.id)) is None
    with pytest.raises(NotFound):
        finding.find(session, staff, number)


def test_an_older_version_is_told(session, make, staff):
    make.need()
    made = service.create(session, staff, new_list(), now=make.now)
    before = made.version
    data = ListArrangement(version=before)
    service.arrange(session, staff, made.id, data, now=make.now)
    with pytest.raises(Conflict, match="stale"):
        service.arrange(session, staff, made.id, data, now=make.now)


@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.UNIVERSITY, Role.MANAGER])
def test_only_staff_compose(session, make, role):
    with pytest.raises(Forbidden):
        service.create(session, make.user(role), new_list(), now=make.now)


def test_drafts_are_found_by_staff_alone(session, make, staff):
    made = make.publication()
    assert finding.find(session, staff, made.id) == made
    for user in (None, make.user(), make.user(Role.EXPERT)):
        with pytest.raises(NotFound):
            finding.find(session, user, made.id)
