"""What a service raises when it refuses; `handlers.py` puts it in words."""

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal with a stable code."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class NotFound(DomainError):
    """There is no such record for this person."""


class Forbidden(DomainError):
    """The person sees the record and may not do this with it."""


class Conflict(DomainError):
    """The record is not in a state that allows this."""


class Invalid(DomainError):
    """Input that cannot be taken; ``fields`` maps each field to its message."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("invalid", fields=dict(fields))
        self.fields = dict(fields)


class Unavailable(DomainError):
    """Something of the platform's own is missing or damaged; nothing was done."""
