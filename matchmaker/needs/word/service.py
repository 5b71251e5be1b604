"""Take a need form in: it is read and gone, nothing of it is kept."""

from __future__ import annotations

from models import User

from ... import policies
from ...attachments.service import Upload
from ...attachments.store import Store
from . import reading
from .reading import Reading


def read_upload(user: User, store: Store, upload: Upload) -> Reading:
    """What the uploaded form says; raises `Invalid` for what is none."""
    policies.require(user, "need.create")
    with store.staged(upload.stream) as staged:
        return reading.read(staged.path, upload.name)
