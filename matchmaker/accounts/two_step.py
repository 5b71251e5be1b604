"""The second step of signing in: a code of a telephone app (RFC 6238), or a spare one.

A spare code stands in for a lost telephone, and works once.
"""

import secrets
from datetime import datetime

import pyotp
import segno
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from models import RecoveryCode, User, transaction

from .. import policies
from ..errors import Conflict, Invalid
from ..history import service as history
from . import lockout, passwords
from .schema import CodeInput, PasswordOnly
from .secret import secret_hash
from .sessions import end_all

ISSUER = "长沙技术交易撮合平台"
STEP_SECONDS = 30
# A telephone's clock may be off by one step either way.
TOLERANCE = 1
CODES = 10
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that reads like another
GROUPS, GROUP = 4, 4
WRONG = "验证码不正确或已过期，请输入 App 上现在显示的 6 位数字，或一个恢复码"


def new_secret() -> str:
    """The secret a telephone and we share; kept by nobody until it is confirmed."""
    return pyotp.random_base32()


def picture(secret: str, email: str) -> str:
    """The secret as a picture to be scanned, as SVG to stand inside a page."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    drawn: str = segno.make(address, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title="两步验证二维码"
    )
    return drawn


def turn_on(
    session: Session, actor: User, secret: str, data: CodeInput, *, now: datetime
) -> list[str]:
    """Ask the actor for codes from now on; returns the spare codes, shown once."""
    policies.require(actor, "account.two_step")
    if actor.totp_since is not None:
        raise Conflict("two_step.on")
    step = _step(secret, data.code, now, after=0)
    if step is None:
        raise Invalid({"code": WRONG.partition("，或")[0]})
    with transaction(session):
        actor.totp_secret, actor.totp_since, actor.totp_last = secret, now, step
        codes = _renew(session, actor)
        history.record(session, actor, "user.two_step_on", actor, now=now)
    return codes


def renew_codes(
    session: Session, actor: User, data: PasswordOnly, *, now: datetime
) -> list[str]:
    """New spare codes for the actor; the old ones no longer work."""
    _require_password(actor, data)
    with transaction(session):
        if actor.totp_since is None:
            raise Conflict("two_step.off")
        codes = _renew(session, actor)
        history.record(session, actor, "user.codes_renewed", actor, now=now)
    return codes


def turn_off(
    session: Session, actor: User, data: PasswordOnly, *, now: datetime
) -> None:
    """Ask the actor for no codes any more."""
    _require_password(actor, data)
    with transaction(session):
        if actor.totp_since is None:
            raise Conflict("two_step.off")
        forget(session, actor)
        history.record(session, actor, "user.two_step_off", actor, now=now)


def turn_off_for(session: Session, user: User, *, now: datetime) -> None:
    """An operator's help for whoever lost the telephone and the spare codes."""
    with transaction(session):
        forget(session, user)
        end_all(session, user.id, now=now)
        history.record(session, None, "user.two_step_off", user, now=now)


def forget(session: Session, user: User) -> None:
    """Drop the secret and the spare codes, inside the running transaction."""
    user.totp_secret = user.totp_since = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def check(session: Session, user: User, data: CodeInput, *, now: datetime) -> None:
    """Take a code at sign-in; raises `Invalid`.

    Failures count as wrong passwords do.
    """
    lockout.check(session, user.email, now=now)
    with transaction(session):
        session.refresh(user, with_for_update={"of": User, "key_share": True})
        taken = _taken(session, user, data.code, now)
        if taken:
            lockout.clear(session, user.email)
    if not taken:
        lockout.count(session, user.email, now=now)
        raise Invalid({"code": WRONG})


def codes_left(session: Session, user: User) -> int:
    """How many spare codes still work."""
    query = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(query) or 0


def _taken(session: Session, user: User, code: str, now: datetime) -> bool:
    if user.totp_secret is None:
        return False
    step = _step(user.totp_secret, code, now, after=user.totp_last)
    if step is not None:
        user.totp_last = step
        return True
    spent = session.scalars(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == secret_hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return len(spent.all()) == 1


def _step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The step of time the code is of; none for a wrong or an older one."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_SECONDS
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        if step > after and secrets.compare_digest(
            totp.generate_otp(step), code.encode("ascii", "replace").decode()
        ):
            return step
    return None


def _renew(session: Session, user: User) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [
        "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP))
        for _ in range(CODES)
    ]
    for code in codes:
        session.add(RecoveryCode(user_id=user.id, code_hash=secret_hash(code)))
    return [
        "-".join(code[at : at + GROUP] for at in range(0, GROUPS * GROUP, GROUP))
        for code in codes
    ]


def _require_password(actor: User, data: PasswordOnly) -> None:
    if not passwords.matches(actor.password_hash, data.password):
        raise Invalid({"password": "密码不正确"})
