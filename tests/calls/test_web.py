"""A call from its draft to the end of its window, through the pages."""

import re
from datetime import timedelta

from icalendar import Calendar
from sqlalchemy import select

from matchmaker import moments
from models import Call, CallQuestion, Notice, transaction, utcnow
from models.states import CallStatus, OrganisationKind, Role

from .forms import typed


def told(session, user):
    """The kinds of what the person was told, the newest first."""
    session.rollback()
    query = select(Notice.kind).where(Notice.user_id == user.id)
    return list(session.scalars(query.order_by(Notice.id.desc())))


def test_a_call_from_its_draft_to_its_end(client, login, make, session):
    firm = make.user()
    staff = make.staff()
    college = make.organisation(kind=OrganisationKind.UNIVERSITY)
    asker = make.user(Role.UNIVERSITY, organisation_id=college.id)
    other = make.user(Role.UNIVERSITY)
    offer = make.achievement(organisation_id=other.organisation_id)
    own, desk, asking = login(firm), login(staff), login(asker)

    # Drafted by the firm; nobody else knows of it.
    made = own.post("/calls/new", data=typed(form_key="k", action="draft", goals=[""]))
    page = made.location
    assert "草稿" in own.get(page).text
    assert desk.get(page).status_code == client.get(page).status_code == 404

    # Goals without figures are warned of, once; then it goes to the 论证.
    form = typed(action="submit", version=version(session), goals=["预警要提前"])
    warned = own.post(f"{page}/edit", data=form).text
    assert "没有数字和单位" in warned
    mark = re.search(r'name="hints_seen" value="([^"]+)"', warned)
    form = typed(action="submit", version=version(session), hints_seen=mark[1])
    assert own.post(f"{page}/edit", data=form).status_code == 303
    assert "call_submitted" in told(session, staff)
    assert "待论证的榜单" in desk.get("/work").text

    # Returned with reasons, mended, passed.
    back = desk.post(f"{page}/return", data={"version": version(session)})
    assert back.status_code == 422
    seen = {"version": version(session), "codes": ["narrow"]}
    assert desk.post(f"{page}/return", data=seen).status_code == 303
    assert "条件指向特定单位" in own.get(page).text
    assert "被退回的榜单" in own.get("/work").text
    form = typed(action="submit", version=version(session))
    own.post(f"{page}/edit", data=form)
    desk.post(f"{page}/opinions", data={"expert": "李教授", "words": "目标可以考核。"})
    assert "目标可以考核" in desk.get(page).text
    assert "目标可以考核" not in own.get(page).text
    unread = desk.post(f"{page}/approve", data={"version": version(session) - 1})
    assert unread.status_code == 409
    desk.post(f"{page}/approve", data={"version": version(session)})
    assert "call_approved" in told(session, firm)

    # Opened with its window.
    late = {"version": version(session), "closes_at": "2020-01-01T17:00"}
    assert "不能早于现在" in desk.post(f"{page}/open", data=late).text
    closes = utcnow() + timedelta(days=40)
    late["closes_at"] = moments.typed(closes)
    assert desk.post(f"{page}/open", data=late).status_code == 303
    public = client.get(page).text
    assert "揭榜中" in public
    assert "还有 39 天" in public
    assert "看每一版" not in public
    assert "截止后公布" in public

    # Asked in private, answered to all who follow.
    title = session.scalars(select(Call.title)).one()
    assert title in client.get("/calls/feed.atom").text
    session.rollback()
    words = "考核平台的环境温度范围是多少，由谁提供？"
    assert asking.post(f"{page}/questions", data={"question": words}).status_code == 303
    assert words in asking.get(page).text
    assert words in desk.get(page).text
    assert words not in own.get(page).text
    assert words not in client.get(page).text
    assert own.post(f"{page}/questions", data={"question": words}).status_code == 409
    assert "待答复的提问" in desk.get("/work").text
    number = session.scalars(select(CallQuestion.id)).one()
    session.rollback()
    answer = {"answer": "零下十度到四十度，由园区提供。"}
    assert (
        desk.post(f"/calls/questions/{number}/answer", data=answer).status_code == 303
    )
    assert answer["answer"] in client.get(page).text
    assert college.name not in client.get(page).text
    assert told(session, asker)[0] == "call_answered"
    assert told(session, other) == []

    # The holder of what might answer it is invited.
    sent = desk.post(f"{page}/invite", data={"achievement": offer.id})
    assert sent.status_code == 303
    assert told(session, other) == ["call_invited"]
    assert (
        desk.post(f"{page}/invite", data={"achievement": offer.id}).status_code == 409
    )
    assert "平台邀请了本单位揭榜" in login(other).get(page).text

    # Changed with a reason; the difference is public and told to who follows.
    longer = moments.typed(closes + timedelta(days=7))
    until = moments.typed(closes)
    change = typed(
        version=version(session),
        reason="应多家单位要求，延长揭榜时间。",
        closes_at=longer,
        questions_until=until,
        goals=["提前预警时间 ≥ 15 min", "误报率 ≤ 1%"],
    )
    assert desk.post(f"{page}/amend", data=change).status_code == 303
    versions = client.get(f"{page}/versions").text
    assert "应多家单位要求" in versions
    assert "<ins>" in versions
    assert told(session, other)[0] == told(session, asker)[0] == "call_amended"
    assert "第 2 版" in client.get(page).text

    # The clock closes it: no list, no feed, no question; the number of bids is told.
    with transaction(session):
        call = session.scalars(select(Call)).one()
        call.opens_at -= timedelta(days=90)
        call.closes_at -= timedelta(days=90)
        call.questions_until -= timedelta(days=90)
    over = client.get(page).text
    assert "已截止" in over
    assert "揭榜书" in over
    assert "截止后公布" not in over
    assert title not in client.get("/calls").text
    assert title not in client.get("/calls/feed.atom").text
    assert asking.post(f"{page}/questions", data={"question": words}).status_code == 409
    assert desk.get(f"{page}/amend").status_code == 409

    # And staff may stop it, with a public reason.
    seen = {"version": version(session), "codes": ["issuer"]}
    assert desk.post(f"{page}/stop", data=seen).status_code == 303
    assert "发榜单位取消" in client.get(page).text
    assert "call_stopped" in told(session, firm)


def version(session):
    session.rollback()
    return session.scalars(select(Call.version)).one()


def test_the_calendar_is_read_by_a_calendar(client, make):
    call = make.call(title="整机能效提升揭榜,公开")
    make.call(status=CallStatus.FAILED)
    found = Calendar.from_ical(client.get("/calls/deadlines.ics").data)
    events = {str(one["uid"]).partition("@")[0]: one for one in found.walk("VEVENT")}
    assert set(events) == {f"call-{call.id}-closes", f"call-{call.id}-questions"}
    end = events[f"call-{call.id}-closes"]
    assert end.end == call.closes_at
    assert str(end["summary"]) == "揭榜截止：整机能效提升揭榜,公开"
    assert str(end["url"]).endswith(f"/calls/{call.id}")
