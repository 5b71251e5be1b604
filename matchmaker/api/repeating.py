"""A request sent twice under one Idempotency-Key is carried out once.

The key goes into the tables with the first change the request makes, in that very
transaction: so either both are there or neither, whatever is killed. The answer is
kept beside it and given again; a key without its answer means that the process died
after the change, and is told so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Response, current_app, request
from sqlalchemy import delete, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import ApiAnswer, User, transaction, utcnow

from ..db import db
from ..errors import Conflict, Invalid
from .answers import JSON

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{8,64}")
KEPT = timedelta(days=1)
PENDING = "api_answer"
HEADINGS = {"ETag": "etag", "Location": "location"}


def once(user: User, act: Callable[[], Response]) -> Response:
    """What ``act`` answers, or what it answered to the same request before.

    Raises `Conflict` for a key that came with another request, is being worked on,
    or whose answer is lost; `Invalid` for what is no key.
    """
    key = key_sent()
    if key is None:
        return act()
    now = utcnow()
    before = _before(db.session, user, key, now)
    if before is not None:
        return _again(before, _digest(user))
    row = ApiAnswer(user_id=user.id, key=key, digest=_digest(user), created_at=now)
    db.session.info[PENDING] = row
    try:
        response = act()
    finally:
        db.session.info.pop(PENDING, None)
    if response.status_code < 300:
        _keep(user, key, response)
    return response


def key_sent() -> str | None:
    """The key the request came under, if any; raises `Invalid` for what is no key."""
    key = request.headers.get(HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise Invalid({HEADER: "请使用 8 到 64 个可见的 ASCII 字符，例如一个 UUID"})
    return key


@event.listens_for(Session, "before_commit")
def _write_key(session: Session) -> None:
    row = session.info.pop(PENDING, None)
    if row is None:
        return
    # A key that was used long ago may be used anew.
    session.execute(
        delete(ApiAnswer).where(
            ApiAnswer.user_id == row.user_id,
            ApiAnswer.key == row.key,
            ApiAnswer.created_at <= row.created_at - KEPT,
        )
    )
    session.flush()  # what the request itself breaks is no matter of the key
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("api.key_running") from error


def _before(session: Session, user: User, key: str, now: datetime) -> ApiAnswer | None:
    return session.scalar(
        select(ApiAnswer).where(
            ApiAnswer.user_id == user.id,
            ApiAnswer.key == key,
            ApiAnswer.created_at > now - KEPT,
        )
    )


def _digest(user: User) -> str:
    """Of the request, and of what its caller is: another role may read other things."""
    caller = f"{user.role} {user.org_role} {user.organisation_id}"
    head = f"{caller} {request.method} {request.full_path}\n".encode()
    return sha256(head + request.get_data(cache=True)).hexdigest()


def _again(row: ApiAnswer, digest: str) -> Response:
    if row.digest != digest:
        raise Conflict("api.key_reused")
    if row.status is None:
        raise Conflict("api.key_unanswered")
    response = Response(row.body or None, row.status)
    if row.body:
        response.content_type = JSON
    for header, column in HEADINGS.items():
        if value := getattr(row, column):
            response.headers[header] = value
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(user: User, key: str, response: Response) -> None:
    # In a session of its own: that of the request is done with its transaction.
    with current_app.extensions["db_sessions"]() as own, transaction(own):
        row = own.scalar(
            select(ApiAnswer).where(ApiAnswer.user_id == user.id, ApiAnswer.key == key)
        )
        if row is None:
            return  # the request changed nothing
        row.status, row.body = response.status_code, response.get_data(as_text=True)
        for header, column in HEADINGS.items():
            setattr(row, column, response.headers.get(header, ""))


def tidy(session: Session, *, now: datetime) -> int:
    """Take out the keys whose time is over; says how many."""
    with transaction(session):
        gone = session.execute(
            delete(ApiAnswer)
            .where(ApiAnswer.created_at < now - KEPT)
            .returning(ApiAnswer.id)
        )
        return len(gone.all())
