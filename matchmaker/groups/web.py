"""The page of needs that are really one."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from models.fields import FIELDS

from ..accounts.current import signed_in
from ..db import db
from ..schema import parse
from ..search.live import live_index
from . import service
from .schema import GroupQuery

bp = Blueprint("groups", __name__)


@bp.get("/desk/groups")
@login_required
def proposals() -> ResponseReturnValue:
    query = parse(GroupQuery, request.args)
    found = service.propose(db.session, live_index(), signed_in(), query)
    page = render_template(
        "groups/list.html",
        found=found,
        facet=_facet(query, found.fields),
        chosen=[(FIELDS[code], _without(query, code)) for code in query.field],
    )
    return page, 200 if found.page <= found.pages else 404


def _facet(query: GroupQuery, counts: Any) -> list[dict[str, Any]]:
    options = [
        {
            "value": code,
            "label": name,
            "count": counts.get(code, 0),
            "selected": code in query.field,
            "url": _without(query, code)
            if code in query.field
            else _address([*query.field, code]),
        }
        for code, name in FIELDS.items()
        if counts.get(code) or code in query.field
    ]
    return [{"name": "field", "label": "技术领域", "options": options}]


def _without(query: GroupQuery, code: str) -> str:
    return _address([kept for kept in query.field if kept != code])


def _address(codes: list[str]) -> str:
    return url_for(".proposals", field=codes)
