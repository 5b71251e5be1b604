"""`/api/v1`: every operation as an address, the description, and its page."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import time

from flask import Blueprint, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from .. import csrf, limiter
from ..accounts.current import act_as
from ..errors import NotFound
from ..handlers import codes
from . import answers, caller, english, openapi, reading, repeating
from .operations import PREFIX, Operation
from .registry import kinds, operations

bp = Blueprint("api", __name__, url_prefix=PREFIX)
csrf.exempt(bp)


def _rate() -> str:
    rate: str = current_app.config["SETTINGS"].api_rate
    return rate


limited = limiter.shared_limit(_rate, scope="api", key_func=caller.rate_key)


def _view(operation: Operation) -> Callable[..., ResponseReturnValue]:
    @limited
    def view(**numbers: int) -> ResponseReturnValue:
        user = caller.admit(operation)

        def act() -> Response:
            given = reading.arguments(operation, numbers)
            return answers.write(operation, operation.view(**given), g.api_fields)

        if user is None or not operation.keyed:
            response = act()
        else:
            response = repeating.once(user, act)
        return _unless_known(response)

    view.__name__ = operation.name
    return view


def _unless_known(response: Response) -> Response:
    """304 where who reads has this very answer already."""
    if response.status_code == 200:
        response.make_conditional(request)
    return response


for _operation in operations():
    bp.add_url_rule(
        _operation.rule,
        _operation.name,
        _view(_operation),
        methods=[_operation.method],
    )


@bp.get("/openapi.json")
@limited
def describe() -> ResponseReturnValue:
    act_as(None)
    response = Response(openapi.document(), content_type="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/docs")
def docs() -> ResponseReturnValue:
    kind = request.args.get("kind", "")
    if not kind:
        return render_template(
            "api/index.html",
            kinds=kinds(),
            operations=operations(),
            prefix=PREFIX,
            codes=[
                (code, words, english.DETAILS[code]) for code, words in codes().items()
            ],
        )
    if kind not in kinds():
        raise NotFound("kind")
    found = [one for one in operations() if one.tag == kind]
    return render_template(
        "api/kind.html",
        title=kinds()[kind],
        operations=found,
        described=openapi.described(),
        schemas=openapi.schemas_of(found),
    )


@bp.after_request
def _tell_allowance(response: Response) -> Response:
    limit = limiter.current_limit
    if limit is not None:
        response.headers["RateLimit-Limit"] = str(limit.limit.amount)
        response.headers["RateLimit-Remaining"] = str(max(0, limit.remaining))
        left = str(max(0, ceil(limit.reset_at - time())))
        response.headers["RateLimit-Reset"] = left
        if response.status_code == 429:
            response.headers["Retry-After"] = left
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response
