"""The form a record is posted with: saved as one types, advised, merged.

Every kind goes the same way: what is wrong comes first, then what could be better
is shown once, then it is kept; a form sent twice makes one record, and two people
who changed the same one choose field by field. A kind of record says in a
`PostedForm` what is its own.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from flask import render_template, request
from flask.typing import ResponseReturnValue

from models import Achievement, Call, Need
from models.base import utcnow
from models.outbox import RecordType

from .. import labels
from ..accounts.current import signed_in
from ..db import db
from ..duplicates import service as duplicates
from ..errors import Conflict, Invalid
from ..history import service as history
from ..search.live import live_index
from . import merge
from .hints import Hint, seen_mark

MOST_KEY = 64
AUTOSAVE = "autosave"
# What keeps the text as it is, whole or not; nothing is said before.
KEEPS = frozenset({"draft", AUTOSAVE})
STALE = "有人同时修改了这条内容，请按「保存草稿」查看两边的差别。"


Item = TypeVar("Item", bound=Need | Achievement | Call)
Draft = TypeVar("Draft")


@dataclass(frozen=True)
class Shown(Generic[Item]):
    """Which form is on the page: that of a record, or a new one with its key."""

    item: Item | None = None
    key: str = ""
    version: int | None = None


@dataclass(frozen=True)
class Advice:
    """What the author should see before submitting."""

    hints: Sequence[Hint]
    similar: duplicates.Finding | None = None

    @property
    def nothing(self) -> bool:
        return not self.hints and not self.alike

    def names(self, field: str) -> bool:
        """Whether a hint is about this field of the form."""
        return any(hint.field == field for hint in self.hints)

    @property
    def alike(self) -> Sequence[duplicates.Similar]:
        return self.similar.rows if self.similar else ()

    @property
    def mark(self) -> str:
        """Tells this advice from other: a person is shown the same once."""
        return seen_mark(self.hints, ",".join(str(row.item.id) for row in self.alike))


def action() -> str:
    """What the pressed button, or the script, asks for."""
    return request.form.get("action", "")


def autosaving() -> bool:
    """Whether the script saves: it is answered without a page."""
    return action() == AUTOSAVE


def autosaved(said: str, **news: Any) -> ResponseReturnValue:
    """Kept; ``news`` are fields the form is to carry from now on, and its address."""
    return {"said": said, **news}


def not_saved(invalid: Invalid) -> ResponseReturnValue:
    return {"errors": invalid.fields}, 422


def stopped(words: str) -> ResponseReturnValue:
    """The script must not save any more, and says why."""
    return {"conflict": words}, 409


def clock(moment: datetime) -> str:
    """The time of day, as one says when a draft was saved."""
    return labels.minute(moment)[-5:]


def similar_to(unsaved: Need | Achievement) -> duplicates.Finding | None:
    """What resembles a record that is not kept yet; not asked while one types.

    The script asks at every pause; encoding the text each time would be dear.
    """
    if "quick" in request.form:
        return None
    return duplicates.find(db.session, live_index(), signed_in(), unsaved)


def choices(
    record: Any,
    shape: merge.Shape,
    names: Mapping[str, str],
    stored: merge.Values,
    typed: merge.Values,
    **page: Any,
) -> ResponseReturnValue:
    """Both texts field by field; the person chooses, then sees the form again."""
    html = render_template(
        "posting/merge.html",
        rows=merge.rows(shape, names, stored, typed, request.form),
        typed=merge.posted(shape, typed),
        last=merge.last_change(history.of_record(db.session, record)),
        **page,
    )
    return html, 409


class PostedForm(ABC, Generic[Item, Draft]):
    """The form of one kind of record, as people post it.

    kind      as its history names it
    noun      what the record is called
    template  gets `context` beside what every form has
    names     the label of each field
    """

    kind: ClassVar[RecordType]
    noun: ClassVar[str]
    template: ClassVar[str]
    names: ClassVar[Mapping[str, str]]
    shape: ClassVar[merge.Shape]

    # -- what is of one kind ---------------------------------------------------

    @abstractmethod
    def find(self, record_id: int) -> Item:
        """The record, if this person may know of it."""

    @abstractmethod
    def read(self, *, submit: bool, now: datetime) -> Draft:
        """The posted form, checked as a draft or in full; raises `Invalid`."""

    @abstractmethod
    def create(self, data: Draft, *, form_key: str, now: datetime) -> Item:
        """Keep a new record; raises `Conflict` «form_used»."""

    @abstractmethod
    def change(self, item: Item, data: Draft, *, version: int, now: datetime) -> Item:
        """Replace the text of a record; raises `Conflict` «stale»."""

    @abstractmethod
    def stored(self, item: Item) -> dict[str, Any]:
        """The record as its own form would post it."""

    @abstractmethod
    def typed(self) -> dict[str, Any]:
        """What was typed, as it was typed."""

    @abstractmethod
    def advice(self, data: Draft, item: Item | None, now: datetime) -> Advice:
        """What to show before the record is submitted."""

    @abstractmethod
    def context(self, values: dict[str, Any], item: Item | None) -> dict[str, Any]:
        """What the template needs beside what every form has."""

    @abstractmethod
    def edit_url(self, item: Item) -> str: ...

    @abstractmethod
    def show_url(self, item: Item) -> str: ...

    @abstractmethod
    def done(self, item: Item) -> ResponseReturnValue:
        """Where a person goes after the record was kept."""

    # -- what is the same for all ------------------------------------------------

    def blank(self, values: dict[str, Any], **more: Any) -> ResponseReturnValue:
        """The form of a new record."""
        return self.page(values, Shown(key=secrets.token_urlsafe(16)), **more)

    def opened(self, item: Item) -> ResponseReturnValue:
        """The form of a record, as it is stored."""
        return self.page(self.stored(item), Shown(item))

    def post_new(self) -> ResponseReturnValue:
        """Answer what was posted with the form of a new record."""
        now = utcnow()
        key = request.form.get("form_key", "")[:MOST_KEY] or secrets.token_urlsafe(16)
        shown: Shown[Item] = Shown(key=key)
        try:
            if (page := self.before_saving(shown, now)) is not None:
                return page
            data = self.read(submit=action() not in KEEPS, now=now)
            item = self.create(data, form_key=key, now=now)
        except Invalid as invalid:
            return self._refused(invalid, shown)
        except Conflict as conflict:
            if conflict.code != "form_used":
                raise
            return self._choose(self.find(int(str(conflict.facts["id"]))), used=True)
        return self._done(item)

    def post_edit(self, item: Item) -> ResponseReturnValue:
        """Answer what was posted with the form of this record."""
        now, version = utcnow(), _version()
        shown = Shown(item, version=version)
        if action() == "merge":
            return self.page(self.merged(self.stored(item)), shown)
        try:
            if (page := self.before_saving(shown, now)) is not None:
                return page
            submit = action() not in KEEPS or not _is_draft(item)
            data = self.read(submit=submit, now=now)
            item = self.change(item, data, version=version, now=now)
        except Invalid as invalid:
            return self._refused(invalid, shown)
        except Conflict as conflict:
            if conflict.code != "stale":
                raise
            return self._choose(self.find(item.id))
        return self._done(item)

    def before_saving(
        self, shown: Shown[Item], now: datetime
    ) -> ResponseReturnValue | None:
        """The form again, nothing saved: asked for, or because there is more to see.

        Raises `Invalid` for what is not well formed.
        """
        if action() in KEEPS:
            return None
        asks = action() == "check"
        if not asks:
            self.read(submit=True, now=now)  # what is wrong comes before advice
        data = self.read(submit=False, now=now)
        if not asks and shown.key and self._made_before(shown.key, now):
            return None  # sent twice: its own first copy is no duplicate
        advice = self.advice(data, shown.item, now)
        seen = request.form.get("hints_seen") == advice.mark
        if not asks and (advice.nothing or seen):
            return None
        return self.page(self.typed(), shown, advice=advice)

    def page(
        self,
        values: dict[str, Any],
        shown: Shown[Item],
        *,
        errors: Mapping[str, str] | None = None,
        advice: Advice | None = None,
        **more: Any,
    ) -> ResponseReturnValue:
        """The form, with what was typed or what is stored."""
        item, version = shown.item, shown.version
        html = render_template(
            self.template,
            values=values,
            errors=errors or {},
            form_key=shown.key,
            version=item.version if item and version is None else version,
            base=self._base(item, version),
            advice=advice,
            drafting=item is None or _is_draft(item),
            labels_of=self.names,
            **self.context(values, item),
            **more,
        )
        return html, 422 if errors else 200

    def merged(self, stored: dict[str, Any]) -> dict[str, Any]:
        """What was typed, with the stored text wherever it was chosen."""
        return merge.chosen(self.shape, self.typed(), stored, request.form)

    def _made_before(self, key: str, now: datetime) -> bool:
        found = history.made_before(
            db.session, signed_in(), f"{self.kind.value}.created", key, now=now
        )
        return found is not None

    def _base(self, item: Item | None, version: int | None) -> str:
        """The record as it was when the form was opened, to tell who changed what."""
        if item is not None and version in (None, item.version):
            return merge.base(self.stored(item))
        return request.form.get("base", "")

    def _refused(self, invalid: Invalid, shown: Shown[Item]) -> ResponseReturnValue:
        if autosaving():
            return not_saved(invalid)
        return self.page(self.typed(), shown, errors=invalid.fields)

    def _choose(self, item: Item, *, used: bool = False) -> ResponseReturnValue:
        if autosaving():
            return stopped(STALE)
        return choices(
            item,
            self.shape,
            self.names,
            self.stored(item),
            self.typed(),
            title=item.title,
            noun=self.noun,
            back=self.show_url(item),
            action=self.edit_url(item),
            seen=("version", item.version),
            used=used,
        )

    def _done(self, item: Item) -> ResponseReturnValue:
        if not autosaving():
            return self.done(item)
        return autosaved(
            f"草稿已自动保存（{clock(item.updated_at)}）。",
            edit=self.edit_url(item),
            version=item.version,
            base=merge.base(self.stored(item)),
        )


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _is_draft(item: Need | Achievement | Call) -> bool:
    return item.status.value == "draft"
