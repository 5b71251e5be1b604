"""The queue of the desk as the database itself counts it: slow, and easy to check."""

from datetime import timedelta

from sqlalchemy import and_, func, not_, or_, select

from matchmaker import policies
from matchmaker.labels import today
from matchmaker.matches.tally import AGE_STEPS, DECIDED, SCORE_STEPS
from models import Call, Need, Suggestion
from models.states import SuggestionKind, SuggestionStatus

FIELD = func.coalesce(Need.field, Call.field)


class PlainQueue:
    """What `matches.queue.Queue` tells, each answer from a query of its own."""

    def __init__(self, session, user, filters, now) -> None:
        self.session, self.user = session, user
        self.filters, self.now = filters, now

    def ids(self, **changed) -> list[int]:
        """All the pairs under the filters, some of them changed, in order."""
        filters = self.filters.model_copy(update=changed)
        decided = filters.status in DECIDED
        key = Suggestion.decided_at if decided else Suggestion.probability
        rules = [
            self._in_status(filters.status),
            policies.visible_suggestions(
                self.user, open_at=None if decided else self.now
            ),
        ]
        if filters.mine:
            rules.append(Suggestion.claimed_by_id == self.user.id)
            rules.append(Suggestion.claimed_until > self.now)
        if filters.kind:
            rules.append(Suggestion.kind.in_(filters.kind))
        if filters.field:
            rules.append(FIELD.in_(filters.field))
        if filters.district:
            rules.append(Need.district.in_(filters.district))
        if filters.score is not None:
            rules.append(Suggestion.probability >= filters.score)
        if filters.age is not None:
            rules.append(Suggestion.created_at <= self.now - timedelta(filters.age))
        query = (
            select(Suggestion.id)
            .outerjoin(Suggestion.need)
            .outerjoin(Suggestion.call)
            .where(*rules)
            .order_by(key.desc(), Suggestion.id)
        )
        return list(self.session.scalars(query))

    def free(self) -> list[int]:
        held = and_(
            Suggestion.claimed_by_id != self.user.id,
            Suggestion.claimed_until > self.now,
        )
        query = select(Suggestion.id).where(
            or_(Suggestion.claimed_until.is_(None), not_(held))
        )
        free = set(self.session.scalars(query))
        return [id_ for id_ in self.ids() if id_ in free]

    def counts(self, fields, districts) -> dict:
        """The numbers of the facets: those of the lists each choice would lead to."""
        chosen = {
            "kind": [(kind, {"kind": [kind]}) for kind in SuggestionKind],
            "field": [(code, {"field": [code]}) for code in fields],
            "district": [(code, {"district": [code]}) for code in districts],
            "score": [(step, {"score": step}) for step in SCORE_STEPS],
            "age": [(days, {"age": days}) for days in AGE_STEPS],
            "status": [(status, {"status": status}) for status in SuggestionStatus],
        }
        return {
            name: {value: len(self.ids(**changed)) for value, changed in choices}
            for name, choices in chosen.items()
        }

    def _in_status(self, status):
        put_off = Suggestion.status == SuggestionStatus.SNOOZED
        day = today(self.now)
        if status is SuggestionStatus.PENDING:
            due = and_(put_off, Suggestion.snoozed_until <= day)
            return or_(Suggestion.status == status, due)
        if status is SuggestionStatus.SNOOZED:
            return and_(put_off, Suggestion.snoozed_until > day)
        return Suggestion.status == status
