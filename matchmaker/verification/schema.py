"""What staff send with a decision."""

from typing import Annotated

from pydantic import Field

from ..schema import Input, Text

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Publication(Input):
    """``version`` is that of the text the person read."""

    version: Version


class Return(Publication):
    """A return says what to change."""

    reason: Annotated[Text, Field(min_length=5, max_length=1000)]
