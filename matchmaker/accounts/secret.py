"""Secrets we hand out and keep only the hash of.

They are long and random, so one round of SHA-256 is enough: there is nothing to
guess, unlike a password.
"""

import secrets
from hashlib import sha256


def new_secret() -> str:
    """A secret that fits into an address and a cookie."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What the tables keep of it."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
