"""What programs need to act for a person: tokens, and answers given once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .accounts import Organisation, User
from .base import Base, Lines, Prose


class ApiToken(Base):
    """A secret with which a program acts as ``user``, within the scopes.

    ``token_hash`` is of the secret, which nobody can read again; ``hint`` is how it
    begins, for people to know it by. ``scopes`` are «needs:read» and the like. The
    organisation is that of the user when the token was made: a person who moved to
    another one takes no token along.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[Lines]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class ApiAnswer(Base):
    """What was answered to a request that carries a key, to be given again.

    The row is written with the changes of the request, in their transaction; its
    answer follows. So a key without an answer tells that the changes were made.
    """

    __tablename__ = "api_answers"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(64))
    # Of the method, the address and the body, and of the caller's role and home.
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    location: Mapped[str] = mapped_column(String(255), default="")
    etag: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[Prose] = mapped_column(default="")
