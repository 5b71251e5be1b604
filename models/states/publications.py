"""Lists for publication (清单)."""

from collections.abc import Mapping
from enum import StrEnum


class PublicationKind(StrEnum):
    """What a list is of; a scene is the place of use that a public need tells."""

    NEEDS = "needs"
    ACHIEVEMENTS = "achievements"
    SCENES = "scenes"


class PublicationState(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


PUBLICATION_MOVES: Mapping[PublicationState, frozenset[PublicationState]] = {
    PublicationState.DRAFT: frozenset({PublicationState.ISSUED}),
    PublicationState.ISSUED: frozenset({PublicationState.WITHDRAWN}),
    PublicationState.WITHDRAWN: frozenset(),
}
