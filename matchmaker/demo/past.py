"""What the history says of demonstration records goes when they go."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from models import History


def forget(session: Session, table: Any, ids: Collection[int]) -> None:
    """Take out the history of these records of a table.

    The next real record may get such a number, and nobody's past is its own. It is
    the one place where lines of the history are deleted.
    """
    session.execute(
        delete(History).where(
            History.record_type == table.__tablename__, History.record_id.in_(ids)
        )
    )
