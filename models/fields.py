"""The coded words of the platform: fields, districts, the lists of the contract form.

Records keep the code for good. What it is called, in which order it is offered and
whether it still is, the administrator keeps in `dictionary_entries`; every process
reads that anew before each request and each job (`refresh`). What is written here
holds where the table has no such line.
"""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from .dictionaries import DictionaryEntry


class Vocabulary(Mapping[str, str]):
    """Every code there is with its words, those out of use at the end."""

    def __init__(self, built_in: Mapping[str, str]) -> None:
        self._built_in = dict(built_in)
        self._held: tuple[dict[str, str], frozenset[str]]
        self.hold(())

    def hold(self, rows: Iterable[tuple[str, str, bool]]) -> None:
        """Take these lines (code, words, whether in use), in their order."""
        used: dict[str, str] = {}
        retired: dict[str, str] = {}
        for code, words, active in rows:
            (used if active else retired)[code] = words
        for code, words in self._built_in.items():
            if code not in used and code not in retired:
                used[code] = words
        # One assignment: another thread sees the old words or the new ones.
        self._held = used | retired, frozenset(used)

    def offered(self) -> list[tuple[str, str]]:
        """What a form offers: (code, words) of those in use."""
        words, used = self._held
        return [pair for pair in words.items() if pair[0] in used]

    def is_offered(self, code: str) -> bool:
        """Whether a record may still take this code."""
        return code in self._held[1]

    def __getitem__(self, code: str) -> str:
        return self._held[0][code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held[0])

    def __len__(self) -> int:
        return len(self._held[0])


FIELDS = Vocabulary(
    {
        "EM": "工程机械与智能制造装备",
        "AT": "汽车、智能网联与轨道交通",
        "ES": "先进储能与新能源",
        "NM": "新材料",
        "IC": "电子信息与半导体",
        "AI": "人工智能与大数据",
        "BD": "北斗与时空信息安全",
        "AS": "航空航天",
        "BM": "生物医药",
        "MD": "医疗器械",
        "AG": "现代种业、智慧农业与食品",
        "EP": "节能环保",
        "RB": "智能机器人",
        "AV": "音视频与文化科技",
        "CH": "绿色化工、冶金与矿业",
    }
)

# The code of a district is the name it had when it was first entered.
DISTRICTS = Vocabulary(
    {
        name: name
        for name in (
            "芙蓉区",
            "天心区",
            "岳麓区",
            "开福区",
            "雨花区",
            "望城区",
            "长沙县",
            "浏阳市",
            "宁乡市",
            "外地",
        )
    }
)

# The lists of the registration form of technology contracts (DOMAIN §2) and why an
# office refuses one; their entries are seeded with the tables.
CONTRACT_WORDS: dict[str, Vocabulary] = {
    name: Vocabulary({})
    for name in (
        "contract_subtype",
        "contract_refused",
        "technology_field",
        "ip_kind",
        "plan_source",
        "aim",
    )
}

VOCABULARIES: dict[str, Vocabulary] = {
    "field": FIELDS,
    "district": DISTRICTS,
    **CONTRACT_WORDS,
}


# Made once: every request sends it.
_WORDS = (
    select(
        DictionaryEntry.dictionary,
        DictionaryEntry.code,
        DictionaryEntry.label,
        DictionaryEntry.active,
    )
    .where(DictionaryEntry.dictionary.in_(VOCABULARIES))
    .order_by(DictionaryEntry.position, DictionaryEntry.id)
)


def refresh(session: Session) -> None:
    """Read the words as they are now: some eighty short rows, so never stale."""
    words: dict[str, list[tuple[str, str, bool]]] = {name: [] for name in VOCABULARIES}
    for dictionary, code, label, active in session.execute(_WORDS):
        words[dictionary].append((code, label, active))
    for name, vocabulary in VOCABULARIES.items():
        vocabulary.hold(words[name])


def field_name(code: str) -> str:
    """The Chinese name of a field; a code we do not know is shown as it is."""
    return FIELDS.get(code, code)


def district_name(code: str | None) -> str:
    """The name of a district; a code we do not know is shown as it is."""
    return DISTRICTS.get(code or "", code or "")
