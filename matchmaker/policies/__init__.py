"""Who may see what, and who may do what. There is no second place.

The tables stand in `matrix`; this is how they are carried out. What one may see is
a `Condition`, so the same rule filters a query, a search, a count and a page. A
record outside it is «not found», never «forbidden».
"""

from .acts import (
    OWNERS,
    READING,
    RULES,
    belongs_to,
    is_own,
    may,
    require,
)
from .calls import (
    shown_sources,
    visible_awards,
    visible_bids,
    visible_experts,
    visible_milestones,
    visible_objections,
    visible_outcomes,
    visible_questions,
    visible_reviews,
    visible_ties,
)
from .imports import visible_imports
from .lists import reads_entries, visible_publications
from .pairs import side_rule, sides_meet, visible_proposals, visible_suggestions
from .people import own_work, visible_mandates, visible_registrations
from .records import (
    holds,
    is_known_to_all,
    is_listed,
    known_to_all,
    listed,
    owned,
    visible,
    where,
)
from .talks import (
    inside_talks,
    is_inside_talks,
    opened_talks,
    reads_internal_lines,
    summed_contracts,
    talks_are_opened,
    visible_contracts,
    visible_introductions,
)
from .texts import (
    FileHolder,
    knows_firm,
    may_show_attachments,
    of_represented,
    reads_attachment,
    reads_budget,
    reads_full_text,
    searches_inside,
    speaks_for,
)

__all__ = [
    "OWNERS",
    "READING",
    "RULES",
    "FileHolder",
    "belongs_to",
    "holds",
    "inside_talks",
    "is_inside_talks",
    "is_known_to_all",
    "is_listed",
    "is_own",
    "known_to_all",
    "knows_firm",
    "listed",
    "may",
    "may_show_attachments",
    "of_represented",
    "opened_talks",
    "own_work",
    "owned",
    "reads_attachment",
    "reads_budget",
    "reads_entries",
    "reads_full_text",
    "reads_internal_lines",
    "require",
    "searches_inside",
    "shown_sources",
    "side_rule",
    "sides_meet",
    "speaks_for",
    "summed_contracts",
    "talks_are_opened",
    "visible",
    "visible_awards",
    "visible_bids",
    "visible_contracts",
    "visible_experts",
    "visible_imports",
    "visible_introductions",
    "visible_mandates",
    "visible_milestones",
    "visible_objections",
    "visible_outcomes",
    "visible_proposals",
    "visible_publications",
    "visible_questions",
    "visible_registrations",
    "visible_reviews",
    "visible_suggestions",
    "visible_ties",
    "where",
]
