"""The words of a mail: `templates/mail/<kind>.txt`, subject first.

A new kind is a new file. Its first line is the subject, the rest the text; both
know the facts, and ``link``: the site's address, then ``facts["path"]``, then the
secret of the letter, where it has one. The HTML side is made from the text.
"""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models import Mail

from .. import labels
from ..config import ROOT, Settings
from ..subscriptions import links

FOLDER = ROOT / "templates" / "mail"
# Letters that the platform's staff do not see in the outbox: before its release they
# are not to learn whose bid there is.
UNSEEN = frozenset({"bid_receipt"})
SENDER_NAME = "长沙技术交易撮合平台"


@dataclass(frozen=True)
class Letter:
    """A mail as it reads."""

    subject: str
    text: str
    html: str


@cache
def kinds() -> frozenset[str]:
    """Every kind of mail there is."""
    return frozenset(path.stem for path in FOLDER.glob("*.txt"))


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["minute"] = labels.minute
    return templates


def letter(mail: Mail, settings: Settings) -> Letter:
    """The mail in words, links included."""
    facts = dict(mail.facts) | {"link": _link(mail, settings)}
    facts |= {"site": settings.base_url, "unsubscribe_path": _stop_path(mail, settings)}
    written = _templates().get_template(f"{mail.kind}.txt").render(facts)
    subject, _, text = written.partition("\n")
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    html = _templates().get_template("frame.html")
    # Only our own addresses become links: somebody's name may hold another.
    own = re.compile(re.escape(settings.base_url) + r"/\S*")
    blocks = [_pieces(block, own) for block in text.strip().split("\n\n")]
    # One line, whatever the facts hold: a line end would begin another header.
    subject = " ".join(subject.split())[:150]
    return Letter(subject, text, html.render(subject=subject, blocks=blocks))


def _link(mail: Mail, settings: Settings) -> str:
    path = str(mail.facts.get("path", ""))
    if "token" in mail.facts:
        path += ("&" if "?" in path else "?") + urlencode(
            {"token": mail.facts["token"]}
        )
    return settings.base_url + path


def _stop_path(mail: Mail, settings: Settings) -> str:
    """Where the reader stops what the letter belongs to; empty if to nothing.

    Signed only now: no link that acts for the reader lies in the table.
    """
    if "subscription" in mail.facts:
        return links.stop_path(int(mail.facts["subscription"]), settings.key())
    return str(mail.facts.get("unsubscribe_path", ""))


def _pieces(block: str, own: re.Pattern[str]) -> list[tuple[str, bool]]:
    """The block cut into plain text and links."""
    pieces, at = [], 0
    for found in own.finditer(block):
        pieces += [(block[at : found.start()], False), (found.group(), True)]
        at = found.end()
    return [*pieces, (block[at:], False)]


def message(mail: Mail, settings: Settings) -> EmailMessage:
    """The mail as it travels; raises `ValueError` for an impossible address."""
    words = letter(mail, settings)
    made = EmailMessage()
    made["From"] = Address(SENDER_NAME, addr_spec=settings.mail_from)
    made["To"] = Address(addr_spec=mail.recipient)
    made["Subject"] = words.subject
    made["Date"] = format_datetime(mail.created_at)
    # The same at every attempt: a letter that arrives twice is known as one.
    host = urlsplit(settings.base_url).hostname or "localhost"
    made["Message-ID"] = f"<mail-{mail.id}.{mail.created_at:%Y%m%d%H%M%S}@{host}>"
    made["Auto-Submitted"] = "auto-generated"
    if stop := _stop_path(mail, settings):
        made["List-Unsubscribe"] = f"<{settings.base_url}{stop}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(words.text)
    made.add_alternative(words.html, subtype="html")
    return made
