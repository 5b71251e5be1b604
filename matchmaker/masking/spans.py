"""A piece of a text that is not to be seen, and what stands there instead."""

from dataclasses import dataclass

OWN, ORGANISATION, PERSON, CONTACT, PLACE, PRODUCT, FIGURE = (
    "own",
    "organisation",
    "person",
    "contact",
    "place",
    "product",
    "figure",
)
WORDS: dict[str, str] = {
    OWN: "本单位名称",
    ORGANISATION: "单位名称",
    PERSON: "人名",
    CONTACT: "联系方式",
    PLACE: "地址",
    PRODUCT: "产品或型号",
    FIGURE: "准确数字",
}


@dataclass(frozen=True)
class Span:
    """``text[start:end]`` is of this kind and becomes ``instead``."""

    start: int
    end: int
    kind: str
    instead: str
