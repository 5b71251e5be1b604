"""Why one of several submissions was not decided, in words."""

from ..errors import Conflict, DomainError, Invalid, NotFound
from ..handlers import conflict_words


def refusal_words(error: DomainError) -> str:
    """What to tell the person of this one."""
    if isinstance(error, Conflict):
        return conflict_words(error)
    if isinstance(error, Invalid):
        return "；".join(error.fields.values())
    if isinstance(error, NotFound):
        return "没有找到这条信息，可能已被撤回。"
    return "当前账号不能处理这条信息。"
