"""What programs read: feeds of news (Atom) and calendars (iCalendar).

Both depend on what they tell alone, so that two readings of the same are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from xml.etree import ElementTree as Xml

from icalendar import Calendar, Event

from ..documents import plain

ATOM = "http://www.w3.org/2005/Atom"
SITE = "长沙技术交易撮合平台"
# How many entries a feed has, and how much of a text.
MOST = 200
LONGEST = 400
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class News:
    """An entry of a feed; ``page`` is the path of its page, ``category`` its field."""

    page: str
    title: str
    author: str
    published: datetime
    updated: datetime
    summary: str
    category: tuple[str, str] | None = None


@dataclass(frozen=True)
class Deadline:
    """Something that ends: at a moment, or with a day."""

    uid: str
    page: str
    title: str
    words: str
    begins: datetime | date
    ends: datetime | date
    changed: datetime
    version: int


def atom(name: str, page: str, news: Sequence[News], base: str) -> bytes:
    """An Atom feed (RFC 4287); ``base`` is the address of the site.

    ``page`` is the path of the list that it is of; the feed is beside it.
    """
    Xml.register_namespace("", ATOM)
    feed = Xml.Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    newest = max((one.updated for one in news), default=EPOCH)
    _child(feed, "title", f"{SITE}：{name}")
    _child(feed, "id", f"{base}{page}")
    _child(feed, "updated", _stamp(newest))
    _child(feed, "link", rel="self", href=f"{base}{page}/feed.atom")
    _child(feed, "link", rel="alternate", type="text/html", href=f"{base}{page}")
    for one in news:
        entry = _child(feed, "entry")
        address = f"{base}{one.page}"
        _child(entry, "title", one.title)
        _child(entry, "id", address)
        _child(entry, "link", rel="alternate", type="text/html", href=address)
        _child(entry, "published", _stamp(one.published))
        _child(entry, "updated", _stamp(one.updated))
        _child(_child(entry, "author"), "name", one.author)
        if one.category is not None:
            term, label = one.category
            _child(entry, "category", term=term, label=label)
        _child(entry, "summary", one.summary)
    body: bytes = Xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def calendar(name: str, what: str, deadlines: Sequence[Deadline], base: str) -> bytes:
    """An iCalendar (RFC 5545); ``what`` is the English name of its kind."""
    found = Calendar()
    found.add("prodid", f"-//Changsha technology matchmaking//{what}//ZH")
    found.add("version", "2.0")
    found.add("x-wr-calname", f"{SITE}：{name}")
    host = base.partition("://")[2].partition("/")[0]
    for one in deadlines:
        event = Event()
        event.add("uid", f"{one.uid}@{host}")
        event.add("summary", plain(one.title))
        event.add("dtstamp", one.changed)
        event.add("dtstart", one.begins)
        event.add("dtend", one.ends)
        event.add("url", f"{base}{one.page}")
        event.add("description", plain(one.words))
        event.add("sequence", one.version)
        found.add_component(event)
    return bytes(found.to_ical())


def shortened(text: str) -> str:
    """The text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"


def _child(parent: Xml.Element, name: str, text: str = "", **given: str) -> Xml.Element:
    child = Xml.SubElement(parent, f"{{{ATOM}}}{name}", given)
    if text:
        child.text = plain(text)
    return child


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
