"""The organisation each row of a file is of."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ImportRun, Organisation
from models.accounts import name_key

from .. import matrix
from ..accounts.service import role_of
from ..ledger.parties import Parties
from ..sheets.cells import CellError, text
from ..sheets.reader import Cell
from .shapes import Home


class Homes:
    """Whose records a file may bring: of its own organisation, or of named ones.

    ``create`` is the action that the members of an organisation need for having such
    records at all; none where anybody may.
    """

    def __init__(self, session: Session, run: ImportRun, create: str | None) -> None:
        self._own = None
        self._create = create
        if run.organisation_id is not None:
            own = session.get_one(Organisation, run.organisation_id)
            self._own = Home(own.id, own.name)
            return
        self._parties = Parties(session)
        query = select(Organisation.id, Organisation.name, Organisation.kind)
        self._known = {
            id_: (Home(id_, name), kind) for id_, name, kind in session.execute(query)
        }

    def of(self, cell: Cell) -> Home:
        """The organisation the cell names; raises `CellError`."""
        name = text(cell) if cell not in (None, "") else ""
        return self._of_own(name) if self._own is not None else self._named(name)

    def _of_own(self, name: str) -> Home:
        assert self._own is not None
        if name and name_key(name) != name_key(self._own.name):
            raise CellError(f"这一行写的是「{name[:40]}」，只能导入本单位的记录")
        return self._own

    def _named(self, name: str) -> Home:
        if not name:
            raise CellError("没有填写，请写明是哪家单位的")
        code = name.upper() if len(name) == 18 and name.isascii() else None
        found = self._parties.find(code, name)
        if found is None:
            raise CellError(
                f"平台上没有「{name[:40]}」，请先导入或登记该单位，再导入这一行"
            )
        home, kind = self._known[found]
        if self._create and matrix.actions[self._create][role_of(kind)] == "-":
            raise CellError(f"「{name[:40]}」这类单位不能有这种记录，请核对")
        return home
