"""Which organisation of the platform a party of a contract is, if any."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Organisation
from models.accounts import name_key

_key = lru_cache(maxsize=20_000)(name_key)


class Parties:
    """All organisations, looked up once: by credit code, else by their name.

    A name that two share says nothing. Demonstration organisations stand for
    nobody real: only their whole name, with its mark, means them.
    """

    def __init__(self, session: Session) -> None:
        query = select(
            Organisation.id,
            Organisation.name,
            Organisation.name_key,
            Organisation.credit_code,
            Organisation.is_demo,
        )
        self._codes: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._keys: dict[str, int | None] = {}
        for id_, name, key, code, is_demo in session.execute(query):
            self._names[name] = id_
            if not is_demo:
                if code:
                    self._codes[code] = id_
                self._keys[key] = None if key in self._keys else id_

    def link(self, values: Mapping[str, Any]) -> dict[str, int]:
        """``buyer_id`` and ``seller_id`` as far as the row tells them apart."""
        found = {}
        for side in ("buyer", "seller"):
            id_ = self.find(values.get(f"{side}_code"), values.get(f"{side}_name"))
            if id_ is not None:
                found[f"{side}_id"] = id_
        if len(found) == 2 and found["buyer_id"] == found["seller_id"]:
            return {}
        return found

    def find(self, code: str | None, name: str | None) -> int | None:
        if code and code in self._codes:
            return self._codes[code]
        if not name:
            return None
        return self._names.get(name) or self._keys.get(_key(name))
