"""Whether there is anything in the words to search for."""

import unicodedata

import jieba

from index.text import STOP_WORDS, simplify, terms

PARTICLES = frozenset(
    "的了吗呢啊吧嘛呀哦是在有我你他她它们和与及或之就都也不很太把被给让请要想能会去来到从对个"
)
# Questions that ask nothing yet; jieba keeps each in one piece.
PHRASES = frozenset(
    ("怎么办", "咋办", "咋整", "怎么样", "为什么", "能不能", "行不行", "好不好")
)
EMPTY = STOP_WORDS | PARTICLES | PHRASES


def says_nothing(text: str) -> bool:
    """Whether the words are all function words and marks («怎么办?»)."""
    plain = simplify(unicodedata.normalize("NFKC", text)).lower()
    if any(term not in PHRASES for term in terms(plain)):
        return False
    return all(
        word in EMPTY or not any(map(str.isalnum, word)) for word in jieba.cut(plain)
    )
