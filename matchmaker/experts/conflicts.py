"""Whether an expert may judge an organisation: the one check of interest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models import ExpertTie, Organisation

from ..labels import label


@dataclass(frozen=True)
class Conflict:
    """A tie of the expert to one of the organisations, in words."""

    organisation: Organisation
    tie: ExpertTie

    @property
    def words(self) -> str:
        """«湘江电池有限公司：在该单位任职»."""
        said = f"（{self.tie.words}）" if self.tie.words else ""
        return f"{self.organisation.name}：{label(self.tie.kind)}{said}"


def conflicts(
    ties: Iterable[ExpertTie], organisations: Sequence[Organisation]
) -> list[Conflict]:
    """The ties in force to any of these organisations, each organisation once."""
    known = [tie for tie in ties if tie.ended_at is None]
    found = []
    for organisation in organisations:
        tie = next((one for one in known if one.binds_to(organisation)), None)
        if tie is not None:
            found.append(Conflict(organisation, tie))
    return found
