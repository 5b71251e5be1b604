"""The calls open now for programs: a feed of news (Atom) and a calendar of deadlines.

Both hold what a visitor may read and nothing else, and depend on the calls alone, so
that two readings of the same calls are the same.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import Call
from models.fields import field_name
from models.outbox import RecordType
from models.states import CallStatus

from .. import labels, policies

ATOM = "http://www.w3.org/2005/Atom"
TITLE = "长沙技术交易撮合平台：揭榜榜单"
MOST = 200
LONGEST = 400
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def open_calls(session: Session, *, now: datetime) -> Sequence[Call]:
    """The calls a visitor may take up now, the newest first."""
    kind = RecordType.CALL
    query = (
        select(Call)
        .where(
            policies.where(policies.visible(None, kind), kind),
            policies.where(policies.listed(kind, now), kind),
        )
        .options(joinedload(Call.issuer))
        .order_by(Call.published_at.desc(), Call.id.desc())
        .limit(MOST)
    )
    return session.scalars(query).all()


def ahead(session: Session, *, now: datetime) -> Sequence[Call]:
    """The calls whose end is still ahead, begun or not, the nearest end first."""
    kind = RecordType.CALL
    query = (
        select(Call)
        .where(
            policies.where(policies.visible(None, kind), kind),
            Call.status == CallStatus.OPEN,
            Call.closes_at > now,
        )
        .options(joinedload(Call.issuer))
        .order_by(Call.closes_at, Call.id)
        .limit(MOST)
    )
    return session.scalars(query).all()


def atom(calls: Sequence[Call], base: str) -> bytes:
    """An Atom feed (RFC 4287) of these calls; ``base`` is the address of the site."""
    Xml.register_namespace("", ATOM)
    feed = Xml.Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    newest = max((call.updated_at for call in calls), default=EPOCH)
    _child(feed, "title", TITLE)
    _child(feed, "id", f"{base}/calls")
    _child(feed, "updated", _stamp(newest))
    _child(feed, "link", rel="self", href=f"{base}/calls/feed.atom")
    _child(feed, "link", rel="alternate", type="text/html", href=f"{base}/calls")
    for call in calls:
        entry = _child(feed, "entry")
        page = f"{base}/calls/{call.id}"
        _child(entry, "title", call.title)
        _child(entry, "id", page)
        _child(entry, "link", rel="alternate", type="text/html", href=page)
        _child(entry, "published", _stamp(call.published_at or call.updated_at))
        _child(entry, "updated", _stamp(call.updated_at))
        _child(_child(entry, "author"), "name", call.issuer.name)
        _child(entry, "category", term=call.field, label=field_name(call.field))
        _child(entry, "summary", _summary(call))
    body: bytes = Xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def calendar(calls: Sequence[Call], base: str) -> bytes:
    """An iCalendar (RFC 5545) of the ends of bids and of questions."""
    found = Calendar()
    found.add("prodid", "-//Changsha technology matchmaking//calls//ZH")
    found.add("version", "2.0")
    found.add("x-wr-calname", TITLE)
    host = base.partition("://")[2].partition("/")[0]
    for call in calls:
        for what, words, at in (
            ("closes", "揭榜截止", call.closes_at),
            ("questions", "提问截止", call.questions_until),
        ):
            if at is not None:
                uid = f"call-{call.id}-{what}@{host}"
                found.add_component(_event(call, uid, words, at, base))
    return bytes(found.to_ical())


def _event(call: Call, uid: str, words: str, at: datetime, base: str) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("summary", f"{words}：{call.title}")
    event.add("dtstamp", call.updated_at)
    # The last minute of the window: at the end itself it is over.
    event.add("dtstart", at - timedelta(minutes=1))
    event.add("dtend", at)
    event.add("url", f"{base}/calls/{call.id}")
    event.add("description", f"{labels.until(at)}。{_summary(call)}")
    event.add("sequence", call.version)
    return event


def _summary(call: Call) -> str:
    text = " ".join(call.background.split())
    short = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    ends = f"{labels.until(call.closes_at)}截止" if call.closes_at else ""
    money = " ".join(labels.money(call.funding_fen)).strip()
    return f"发榜单位：{call.issuer.name}；榜单金额：{money}；{ends}。{short}"


def _child(parent: Xml.Element, name: str, text: str = "", **given: str) -> Xml.Element:
    child = Xml.SubElement(parent, f"{{{ATOM}}}{name}", given)
    if text:
        child.text = text
    return child


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
