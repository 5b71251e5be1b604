"""The link in a mail that stops a subscription: signed, for whoever holds it."""

from itsdangerous import BadSignature, URLSafeSerializer

STOP_PATH = "/subscriptions/stop"
SALT = "stop a subscription"


def token(subscription_id: int, key: str) -> str:
    """The secret of the link; ``key`` is the key of the site."""
    signed = URLSafeSerializer(key, salt=SALT).dumps(subscription_id)
    return signed if isinstance(signed, str) else signed.decode()


def read(text: str, key: str) -> int | None:
    """The subscription the token is for; None if it is not one of ours."""
    try:
        found = URLSafeSerializer(key, salt=SALT).loads(text)
    except BadSignature:
        return None
    return found if isinstance(found, int) else None


def stop_path(subscription_id: int, key: str) -> str:
    return f"{STOP_PATH}?token={token(subscription_id, key)}"
