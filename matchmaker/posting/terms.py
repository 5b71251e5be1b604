"""For how long what was published stays open."""

from dataclasses import dataclass

from models.outbox import RecordType


@dataclass(frozen=True)
class Terms:
    """For how many days what has no deadline of its own stays open."""

    need_days: int
    achievement_days: int

    def days(self, kind: RecordType) -> int:
        return self.need_days if kind is RecordType.NEED else self.achievement_days
