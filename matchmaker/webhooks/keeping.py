"""What hooks are kept with: sealed in the tables, opened only to send.

The key comes from the site's own, which lies in no table: whoever reads a backup of
the database can neither sign for us nor write to anybody's robot.
"""

import base64
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"matchmaker webhooks 1"
PREFIX = "whsec_"
SECRET_BYTES = 32


class Lost(Exception):
    """It was sealed with another key: the site's key was changed since."""


def new_secret() -> str:
    """A secret in the spelling of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealed(text: str, key: str) -> str:
    """The text as it is stored; ``key`` is the key of the site."""
    return _box(key).encrypt(text.encode()).decode()


def opened(text: str, key: str) -> str:
    """What was sealed; raises `Lost`."""
    try:
        return _box(key).decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise Lost from error


def _box(key: str) -> Fernet:
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=PURPOSE).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
