"""Whose imports one may know of: a file may hold what nobody else may read."""

from sqlalchemy import ColumnElement, false

from models import ImportRun, User


def visible_imports(user: User) -> ColumnElement[bool]:
    """The organisation's own; those of the platform for all who work for it.

    A firm's drafts are its own until it submits them, and so are its files.
    """
    if user.is_staff:
        return ImportRun.organisation_id.is_(None)
    if user.organisation_id is None:
        return false()
    return ImportRun.organisation_id == user.organisation_id
