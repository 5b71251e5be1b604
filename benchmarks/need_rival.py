"""What most scripts do with a table of needs: the rival of the import benchmark."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from matchmaker.config import Settings
from matchmaker.needs.schema import NeedDraft
from matchmaker.needs.service import columns as columns_of
from matchmaker.schema import parse
from matchmaker.sheets import cells
from models import (
    Need,
    User,
)
from models.fields import FIELDS


def read_in(session: Session, _settings: Settings, path: Path) -> int:
    """The whole workbook in memory, the form's model and an object a row."""
    now = datetime.now(UTC)
    actor = session.scalars(select(User)).one()
    fields = {words: code for code, words in FIELDS.offered()}
    modes = cells.several(
        cells.named(
            {
                "合作开发": "joint",
                "委托开发": "commissioned",
                "技术许可": "licence",
                "技术转让": "transfer",
            }
        )
    )
    page = load_workbook(path).worksheets[0]
    for row in page.iter_rows(min_row=2, values_only=True):
        (
            number,
            title,
            field,
            district,
            problem,
            targets,
            budget,
            mode,
            until,
            who,
            *_,
        ) = row
        data = {
            "title": title,
            "field": fields[str(field)],
            "district": district,
            "problem": problem,
            "targets": cells.lines(str(targets)),
            "budget": int(float(str(budget)) * 1_000_000),
            "cooperation": modes(str(mode)),
            "deadline": cells.day(until),  # type: ignore[arg-type]
            "contact": who,
            "secrecy": "public",
        }
        session.add(
            Need(
                organisation_id=actor.organisation_id,
                author_id=actor.id,
                external_number=str(number),
                created_at=now,
                updated_at=now,
                **columns_of(parse(NeedDraft, data)),
            )
        )
    session.commit()
    return 0
