"""The verification queue, and the decision on each submission."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models import DictionaryEntry, utcnow
from models.fields import DISTRICTS, FIELDS
from models.outbox import RecordType

from ..accounts.current import signed_in
from ..calendar import service as calendar
from ..calendar.current import city_days
from ..db import db
from ..duplicates import service as duplicates
from ..errors import Invalid
from ..labels import day
from ..nodes.current import note_own
from ..nodes.facet import chip, facet
from ..schema import parse
from ..search.live import live_index
from ..sheets.web import asked_form, download_table, exports
from . import batch, changes, reasons, service
from .alike import alike
from .export import write
from .kinds import KINDS
from .queue import Queue, Waiting
from .queue import queue as find_queue
from .refusals import refusal_words
from .schema import Batch, BatchReturn, Publication, QueueQuery, Return

bp = Blueprint("verification", __name__)

CHOICE_NAMES = {"kind": "哪一类", "field": "技术领域", "district": "区县"}


def _choices() -> dict[str, list[tuple[str, str]]]:
    """Every choice of every filter; the words are those of this moment."""
    return {
        "kind": [(kind.name, kind.noun) for kind in KINDS.values()],
        "field": list(FIELDS.items()),
        "district": list(DISTRICTS.items()),
    }


@bp.app_context_processor
def _words() -> dict[str, Any]:
    """For the pages of records: what may be said of a return, and what was."""
    return {
        "return_reasons": _offered,
        "reasons_of": lambda kind, item: reasons.named(
            db.session, kind, item.return_codes or []
        ),
        "since_return": lambda kind, item: changes.since_return(
            db.session, kind, [item]
        ).get(item.id),
    }


def _offered(kind: str) -> list[DictionaryEntry]:
    """The reasons for one kind, asked once a request: every row of a page has them."""
    known: dict[str, list[DictionaryEntry]] = g.setdefault("return_reasons", {})
    if kind not in known:
        known[kind] = reasons.offered(db.session, [kind])
    return known[kind]


@bp.get("/verification")
@login_required
def queue() -> ResponseReturnValue:
    return _queue_page(parse(QueueQuery, request.args))


@bp.post("/verification/export")
@login_required
@exports
def export() -> ResponseReturnValue:
    query, form, now = parse(QueueQuery, request.form), asked_form(), utcnow()
    file = write(
        db.session,
        signed_in(),
        query,
        form,
        only=alike(db.session, live_index(), signed_in(), query),
        days=city_days(),
        now=now,
    )
    return download_table(file, f"待审信息-{day(now)}", form)


@bp.post("/verification/batch")
@login_required
def decide_batch() -> ResponseReturnValue:
    """Publish or return what is ticked; the page then says what became of each."""
    query, form, user = parse(QueueQuery, request.args), request.form, signed_in()
    giving_back = form.get("action") == "return"
    try:
        if giving_back:
            data = parse(BatchReturn, form)
            outcomes = batch.give_back(db.session, user, data, now=utcnow())
        else:
            chosen = parse(Batch, form)
            outcomes = batch.publish(db.session, user, chosen, now=utcnow())
    except Invalid as invalid:
        return _queue_page(query, errors=invalid.fields, status=422)
    done = [one for one in outcomes if one.refusal is None]
    return _queue_page(
        query,
        outcomes=outcomes,
        done_word="已退回" if giving_back else "已发布",
        status=200 if done else 409,
    )


def _queue_page(
    query: QueueQuery, *, status: int = 200, **more: Any
) -> ResponseReturnValue:
    user = signed_in()
    found = find_queue(
        db.session, user, query, alike(db.session, live_index(), user, query)
    )
    note_own(found.nodes)
    kinds = sorted({row.kind for row in found.rows}, key=list(KINDS).index)
    known = reasons.every(db.session, kinds)
    g.return_reasons = {kind: reasons.fitting([known[kind]]) for kind in known}
    page = render_template(
        "verification/queue.html",
        queue=found,
        args=query.args(),
        exported=query.pairs(),
        groups=_facets(query, found),
        chosen=_chosen(query, found),
        similar=duplicates.find_for_staff(
            db.session, live_index(), user, [row.item for row in found.rows]
        ),
        returned=_returned(found.rows),
        reasons=reasons.fitting(list(known.values())),
        values=request.form,
        errors=more.pop("errors", {}),
        checked=request.form.getlist("items") or _ticked(query, found),
        outcomes=more.pop("outcomes", []),
        refusal_words=refusal_words,
        waited=_waited(),
        nouns={kind.name: kind.noun for kind in KINDS.values()},
        **more,
    )
    return page, status


def _ticked(query: QueueQuery, found: Queue) -> list[str]:
    """Those that say the same come ticked, for one decision on all of them."""
    if query.like is None or request.method == "POST":
        return []
    return [f"{row.kind}:{row.item.id}:{row.item.version}" for row in found.rows]


def _waited() -> Any:
    days, now = city_days(), utcnow()
    return lambda since: calendar.waited(days, since, now)


def _returned(rows: Sequence[Waiting]) -> dict[tuple[str, int], changes.Returned]:
    """The last return of those on the page that come back."""
    items: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        items[row.kind].append(row.item)
    return changes.since_returns(db.session, items)


def _facets(query: QueueQuery, found: Queue) -> list[dict[str, Any]]:
    counts = found.counts
    return facet(found.nodes, partial(_at_node, query), counts["node"]) + [
        {
            "name": name,
            "label": CHOICE_NAMES[name],
            "options": [
                {
                    "value": value,
                    "label": words,
                    "count": counts[name].get(value, 0),
                    "selected": value in getattr(query, name),
                    "url": _address(query, name, value),
                }
                for value, words in choices
                if counts[name].get(value) or value in getattr(query, name)
            ],
        }
        for name, choices in _choices().items()
    ]


def _chosen(query: QueueQuery, found: Queue) -> list[tuple[str, str]]:
    args = query.args() | {"like": None}
    like = [("几乎相同的一组", url_for(".queue", **args))] if query.like else []
    return (
        like
        + chip(found.nodes, partial(_at_node, query))
        + [
            (words, _address(query, name, value))
            for name, choices in _choices().items()
            for value, words in choices
            if value in getattr(query, name)
        ]
    )


def _at_node(query: QueueQuery, node: str | None) -> str:
    return url_for(".queue", **(query.args() | {"node": node}))


def _address(query: QueueQuery, name: str, value: str) -> str:
    """The queue with one choice taken, or given up."""
    held = getattr(query, name)
    kept = [one for one in held if one != value]
    new = kept if value in held else [*held, value]
    return url_for(".queue", **(query.args() | {name: new}))


@bp.post("/verification/needs/<int:need_id>/publish")
@login_required
def publish_need(need_id: int) -> ResponseReturnValue:
    return _publish(RecordType.NEED, need_id)


@bp.post("/verification/needs/<int:need_id>/return")
@login_required
def return_need(need_id: int) -> ResponseReturnValue:
    return _return(RecordType.NEED, need_id)


@bp.post("/verification/achievements/<int:achievement_id>/publish")
@login_required
def publish_achievement(achievement_id: int) -> ResponseReturnValue:
    return _publish(RecordType.ACHIEVEMENT, achievement_id)


@bp.post("/verification/achievements/<int:achievement_id>/return")
@login_required
def return_achievement(achievement_id: int) -> ResponseReturnValue:
    return _return(RecordType.ACHIEVEMENT, achievement_id)


def _publish(kind: RecordType, item_id: int) -> ResponseReturnValue:
    service.find(db.session, signed_in(), kind, item_id)
    data = parse(Publication, request.form)
    publish = KINDS[kind.value].publish
    item = publish(db.session, signed_in(), item_id, data, now=utcnow())
    flash(f"已发布：{item.title}。系统正在为它寻找匹配。", "success")
    return redirect(url_for(".queue", **_filters()), 303)


def _return(kind: RecordType, item_id: int) -> ResponseReturnValue:
    item = service.find(db.session, signed_in(), kind, item_id)
    give_back = KINDS[kind.value].give_back
    try:
        data = parse(Return, request.form)
        give_back(db.session, signed_in(), item_id, data, now=utcnow())
    except Invalid as invalid:
        page = render_template(
            "verification/return.html",
            kind=kind.value,
            item=item,
            values=request.form,
            codes=request.form.getlist("codes"),
            errors=invalid.fields,
        )
        return page, 422
    flash(f"已退回：{item.title}。申报单位已收到退回原因。", "success")
    return redirect(url_for(".queue", **_filters()), 303)


def _filters() -> dict[str, Any]:
    """The filters of the queue that the decision was made in."""
    try:
        return parse(QueueQuery, request.args).args()
    except Invalid:
        return {}
