"""A question about a call, and its answer."""

from typing import Annotated

from pydantic import Field

from ...schema import Input, InSentences, Text


class QuestionInput(Input):
    """What a possible bidder wants to know."""

    question: Annotated[Text, Field(min_length=10, max_length=2000), InSentences]


class AnswerInput(Input):
    """The answer, which everybody reads beside the question."""

    answer: Annotated[Text, Field(min_length=2, max_length=4000)]
