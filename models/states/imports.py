"""Files that are read into the tables."""

from collections.abc import Mapping
from enum import StrEnum


class ImportState(StrEnum):
    """Of a file that is read into the tables row by row.

    CHECKING: the dry run; CHECKED: waits for somebody to say yes.
    """

    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class ImportManner(StrEnum):
    """What becomes of the rows of a file.

    RESTORE: what a file written by «全部字段» holds, put back as it was.
    """

    DRAFT = "draft"
    SUBMIT = "submit"
    RESTORE = "restore"


# Nothing is entered before the end, so an import may be stopped and begun again; rows
# that went wrong since the check send it back to whoever decides.
IMPORT_MOVES: Mapping[ImportState, frozenset[ImportState]] = {
    ImportState.CHECKING: frozenset(
        {ImportState.CHECKED, ImportState.CANCELLED, ImportState.FAILED}
    ),
    # Checked anew once the headings are said to stand for something else.
    ImportState.CHECKED: frozenset(
        {ImportState.CHECKING, ImportState.RUNNING, ImportState.CANCELLED}
    ),
    ImportState.RUNNING: frozenset(
        {
            ImportState.CHECKED,
            ImportState.DONE,
            ImportState.CANCELLED,
            ImportState.FAILED,
        }
    ),
    ImportState.DONE: frozenset(),
    ImportState.CANCELLED: frozenset({ImportState.CHECKING, ImportState.RUNNING}),
    ImportState.FAILED: frozenset({ImportState.CHECKING, ImportState.RUNNING}),
}
