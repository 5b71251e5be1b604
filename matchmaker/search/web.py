"""The search page, and the list page that needs, achievements and calls share."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from models.base import utcnow
from models.conditions import Condition
from models.outbox import RecordType

from .. import limiter
from ..accounts.current import current, signed_in
from ..db import db
from ..errors import Invalid
from ..labels import day
from ..matches.nearby import Near
from ..policies import searches_inside
from ..schema import parse
from ..sheets.web import asked_form, download_table
from . import rows
from .export import write
from .links import Links
from .listing import Listing
from .live import live_index
from .schema import ListQuery, Sort
from .service import PER_PAGE, browse
from .words import says_nothing

bp = Blueprint("search", __name__)

TOP = 5
# A text counts for another search every so many characters, up to the most.
COUNTED, MOST_COUNTED = 200, 8000
SORT_LABELS = {
    Sort.RELEVANCE: "最相关",
    Sort.NEWEST: "最新发布",
    Sort.DEADLINE: "最早截止",
    Sort.AMOUNT: "金额从高到低",
    Sort.TRL: "成熟度从高到低",
}
EXAMPLES = (
    "电池过充后怎么提前报警？",
    "压铸件远端发脆，铆接就裂",
    "小风天电解槽老跳停",
)
# In the order in which they are shown: who asks looks for a solution first.
NOUNS = {
    RecordType.ACHIEVEMENT: "成果",
    RecordType.CALL: "榜单",
    RecordType.NEED: "需求",
}
ENDPOINTS = {
    RecordType.NEED: "needs.browse",
    RecordType.ACHIEVEMENT: "achievements.browse",
    RecordType.CALL: "calls.browse",
}


def _rate() -> str:
    rate: str = current_app.config["SETTINGS"].search_rate
    return rate


def _without_words() -> bool:
    return request.method == "GET" and not request.args.get("q", "").strip()


def _worth() -> int:
    """For how many searches the request counts: to encode a long text takes long."""
    if request.method == "GET":
        return 1 + len(request.args.get("q", "")) // COUNTED
    sent = request.content_length
    # Three bytes each; whoever does not say how much it sends, sends much.
    characters = MOST_COUNTED if sent is None else min(sent // 3, MOST_COUNTED)
    return 1 + characters // COUNTED


# One allowance for all that searches; turning pages of a list is free.
searches: Callable[[Any], Any] = limiter.shared_limit(
    _rate, scope="search", exempt_when=_without_words, cost=_worth
)


@bp.get("/search")
@searches
def results() -> ResponseReturnValue:
    query, errors = read_query(request.args)
    kind, errors = _kind(errors)
    silent = bool(query.q) and says_nothing(query.q)
    query = ListQuery(q=query.q, page=query.page if kind else 1)
    listings = [] if errors or silent or not query.q else _listings(query, kind)
    kept = {"kind": kind.value} if kind else {}
    page = render_template(
        "search/results.html",
        query=query,
        kind=kind,
        errors=errors,
        silent=silent,
        listings=[_view(listing, query, **kept) for listing in listings],
        nouns=NOUNS,
        endpoints=ENDPOINTS,
        examples=EXAMPLES,
        typed=request.args.get("q", ""),
        offer=[("kind", kind.value if kind else ""), *_watched(query)]
        if listings
        else None,
        signed_in=current() is not None,
    )
    return page, _status(errors, listings if kind else [])


def _watched(query: ListQuery) -> list[tuple[str, str]]:
    """The words and filters as a form sends them that saves the search."""
    return [("q", query.q)] * bool(query.q) + Links(query).filters


def read_query(args: MultiDict[str, str]) -> tuple[ListQuery, dict[str, str]]:
    """The list that is asked for, and what of the address makes no sense.

    What makes no sense is left out, so that the rest can still be shown.
    """
    given = MultiDict(
        (name, value)
        for name, value in args.items(multi=True)
        if value.strip() and name in ListQuery.model_fields
    )
    try:
        return parse(ListQuery, given), {}
    except Invalid as invalid:
        for name in invalid.fields:
            given.poplist(name)
        return parse(ListQuery, given), invalid.fields


def _kind(errors: dict[str, str]) -> tuple[RecordType | None, dict[str, str]]:
    text = request.args.get("kind", "")
    if not text:
        return None, errors
    try:
        return RecordType(text), errors
    except ValueError:
        return None, errors | {"kind": "没有这一类信息，请从需求、成果、榜单中选择"}


def _listings(query: ListQuery, kind: RecordType | None) -> list[Listing]:
    now = utcnow()
    kinds, size = ([kind], PER_PAGE) if kind else (list(NOUNS), TOP)
    return [
        browse(
            db.session,
            live_index(),
            current(),
            one,
            query,
            facets=False,
            size=size,
            now=now,
        )
        for one in kinds
    ]


def _status(errors: dict[str, str], listings: list[Listing]) -> int:
    """422 for words that make no sense, 404 for a page that is not there."""
    if errors.keys() - {"page"}:
        return 422
    missing = any(listing.page > listing.pages for listing in listings)
    return 404 if errors or missing else 200


def _view(listing: Listing, query: ListQuery, **more: str) -> dict[str, Any]:
    """What the row, facet and pager macros take, for one listing."""
    links = Links(query, more)
    return {
        "listing": listing,
        "kind": listing.kind,
        "links": links,
        "cards": cards(listing),
        "groups": links.groups(listing.facets),
        "chips": links.chips(listing.facets),
        "sorts": [(sort, SORT_LABELS[sort]) for sort in listing.sorts],
    }


def cards(listing: Listing) -> list[dict[str, Any]]:
    """The rows of the listing for the row macro, as this reader gets them."""
    user, now = current(), utcnow()
    found = []
    for row in listing.rows:
        card = rows.card(user, row.item, now)
        card["state"] = rows.state(row.item, now)
        card["snippet"] = rows.snippet(card, row)
        card["parts"] = rows.parts(row)
        found.append(card)
    return found


def near_cards(near: list[Near]) -> list[dict[str, Any]]:
    """Records near another one for the row macro, each with its evidence."""
    user, now = current(), utcnow()
    return [
        rows.card(user, one.item, now) | {"evidence": one.evidence, "item": one.item}
        for one in near
    ]


def export_list(
    kind: RecordType, *, base: Condition | None = None, own: bool = False
) -> ResponseReturnValue:
    """The list that `list_page` shows, whole, as the file the form asks for."""
    user, now = signed_in(), utcnow()
    query, errors = read_query(request.form)
    if errors:
        raise Invalid(errors)
    states = own or searches_inside(user)
    if not states:
        query = query.model_copy(update={"status": []})
    if not own and query.q and says_nothing(query.q):
        raise Invalid({"q": "这些词太笼统，无法检索"})
    form = asked_form()
    file = write(
        db.session,
        live_index(),
        user,
        kind,
        query,
        form,
        base=base,
        ranked=not own,
        states=states,
        now=now,
    )
    whose = "本单位的" if own else ""
    return download_table(file, f"{whose}{NOUNS[kind]}-{day(now)}", form)


def _export_url(*, own: bool) -> str:
    """Where this list leaves as a file; a copy is taken under one's name."""
    if current() is None:
        return ""
    return url_for(".export_mine" if own else ".export")


def list_page(
    template: str,
    kind: RecordType,
    *,
    base: Condition | None = None,
    own: bool = False,
) -> ResponseReturnValue:
    """A list of one kind with words, facets, order and pages.

    Staff, and everybody among their own records, may choose the state.
    """
    query, errors = read_query(request.args)
    states = own or searches_inside(current())
    if not states:
        query = query.model_copy(update={"status": []})
    silent = not own and bool(query.q) and says_nothing(query.q)
    listing = browse(
        db.session,
        live_index(),
        current(),
        kind,
        query.model_copy(update={"q": ""}) if silent else query,
        base=base,
        states=states,
        ranked=not own,
        now=utcnow(),
    )
    view = _view(listing, query) | {
        "query": query,
        "errors": errors,
        "silent": silent,
        "typed": request.args.get("q", ""),
        "noun": NOUNS[kind],
        "states": states,
        "export_url": _export_url(own=own),
        "exported": [*_watched(query), ("sort", listing.sort)],
        "missing_page": "page" in errors or listing.page > listing.pages,
    }
    # What is chosen by its state is no public list, and nothing is published into it.
    if not (own or silent or query.status or errors):
        view["offer"] = [("kind", kind.value), *_watched(query)]
        view["signed_in"] = current() is not None
    page = render_template(template, view=view)
    return page, _status(errors, [listing])
