"""Who acts: organisations and their members."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from functools import cache
from hashlib import sha256

from opencc import OpenCC
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from .base import Base, enum_column
from .states import OrganisationKind, OrganisationRole, Role

LONGEST_KEY = 200
ERASED_DOMAIN = "erased.invalid"
# What companies of one name are written with or without. A university keeps its
# place: 长沙理工大学 is not 理工大学.
PLACE = re.compile(r"^(湖南省?)?(长沙市?)?")
FORM = re.compile(r"((股份)?有限(责任)?)?公司$")


def name_key(name: str) -> str:
    """One spelling for the many of an organisation's name, to compare by.

    Width, case, brackets, spaces, traditional characters, the legal form of a
    company and 湖南 or 长沙 before it make no difference.
    """
    text = _simplified(unicodedata.normalize("NFKC", name)).casefold()
    text = "".join(char for char in text if char.isalnum()).removesuffix("示例")
    short = FORM.sub("", text)
    if short != text:
        short = PLACE.sub("", short)
    # Compatibility forms grow when written out: ㍿ is four characters.
    return (short if len(short) >= 2 else text)[:LONGEST_KEY]


def _simplified(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


class Organisation(Base):
    """An enterprise, university, institute, service body or park."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind))
    district: Mapped[str | None] = mapped_column(String(32))
    # 统一社会信用代码; of an organisation opened by an operator it may be missing.
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True, index=True)
    name_key: Mapped[str] = mapped_column(String(LONGEST_KEY), index=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    @validates("name")
    def _keep_key(self, _attribute: str, name: str) -> str:
        self.name_key = name_key(name)
        return name


class User(Base):
    """A person who signs in; the role says what for.

    An expert speaks for no organisation, so that nothing of one opens to it; where it
    works is a tie of it (`ExpertTie`).
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "role IN ('staff', 'admin') OR"
            " (organisation_id IS NULL) = (role = 'expert')",
            name="member_has_organisation",
        ),
        CheckConstraint("email = lower(email)", name="email_lower"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisations.id"), index=True
    )
    org_role: Mapped[OrganisationRole] = mapped_column(
        enum_column(OrganisationRole), default=OrganisationRole.OPERATOR
    )
    # The second step of signing in; in force once ``totp_since`` is set. The number
    # of the last code that was used, so that none works twice.
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_since: Mapped[datetime | None]
    totp_last: Mapped[int] = mapped_column(BigInteger, default=0)
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation | None] = relationship()

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the platform."""
        return self.role in (Role.STAFF, Role.ADMIN)

    @property
    def is_erased(self) -> bool:
        """Whether the person had itself taken out; nobody comes back from there."""
        return self.email.endswith(f"@{ERASED_DOMAIN}")

    @property
    def manages(self) -> bool:
        """Whether the person decides about the members of its organisation."""
        return (
            self.organisation_id is not None
            and self.org_role is OrganisationRole.MANAGER
        )

    # What Flask-Login asks of a user; plain attributes, so no import of it here.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        """What a session names the person by; another password, another name.

        So a changed password ends every session that was opened with the old one.
        """
        mark = sha256(self.password_hash.encode()).hexdigest()[:16]
        return f"{self.id}.{mark}"
