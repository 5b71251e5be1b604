"""The three kinds of pair: who asks, and who is found."""

from models.outbox import RecordType
from models.states import SuggestionKind

NEED, ACHIEVEMENT, CALL = RecordType.NEED, RecordType.ACHIEVEMENT, RecordType.CALL

# (asks, is found) of each kind of pair.
PAIRS: dict[SuggestionKind, tuple[RecordType, RecordType]] = {
    SuggestionKind.NEED_ACHIEVEMENT: (NEED, ACHIEVEMENT),
    SuggestionKind.NEED_CALL: (NEED, CALL),
    SuggestionKind.CALL_ACHIEVEMENT: (CALL, ACHIEVEMENT),
}
