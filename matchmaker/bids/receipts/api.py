"""Receipts held against what the platform has, for programs and visitors, too."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from werkzeug.datastructures import FileStorage

from ...accounts.current import current
from ...api.answers import Output
from ...api.operations import Operations
from ...db import db
from ...errors import NotFound
from ..check import submission_of
from ..schema import DigestInput

operations = Operations("bids", "核对回执")


class CheckedReceipt(Output):
    """A submission the platform has; ``in_force``: not replaced or taken back."""

    call: int
    title: str
    number: int
    at: datetime
    in_force: bool
    digest: str


def _checked(digest: str) -> CheckedReceipt:
    row = submission_of(db.session, current(), digest)
    if row is None:
        raise NotFound("receipt")
    return CheckedReceipt(
        call=row.bid.call_id,
        title=row.bid.call.title,
        number=row.number,
        at=row.at,
        in_force=row.bid.digest == row.sha256,
        digest=digest,
    )


@operations.get("/receipts", "receipts.check", "按 SHA-256 核对回执")
def check(query: DigestInput) -> CheckedReceipt:
    """没有对得上的提交就是 404；启封前只有揭榜单位能核对。"""
    return _checked(query.digest)


@operations.post("/receipts", "receipts.check", "按核对文件核对回执", keyed=False)
def check_file(file: FileStorage) -> CheckedReceipt:
    """文件只用来计算，不保存。"""
    return _checked(sha256(file.stream.read()).hexdigest())
