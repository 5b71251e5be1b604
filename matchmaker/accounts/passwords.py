"""Passwords as argon2 hashes."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

hasher = PasswordHasher()


def hashed(password: str) -> str:
    """The password as it is stored."""
    return hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password; as slow when there is none to compare with.

    An account without a password, or no account at all, is answered after the
    same work, so that the time tells nobody which e-mails are known.
    """
    try:
        return hasher.verify(stored or _nobody(), password) and stored is not None
    except InvalidHashError:
        return matches(None, password)
    except VerificationError:
        return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return hasher.hash("nobody has this password")
