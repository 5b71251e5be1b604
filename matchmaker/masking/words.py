"""Words by which names are told: surnames, places, kinds of firm, words of speech."""

from pathlib import Path


def _sections() -> dict[str, frozenset[str]]:
    found: dict[str, list[str]] = {}
    here: list[str] = []
    lines = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
    for line in lines.splitlines():
        if line.startswith("["):
            here = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("# "):
            here += line.split()
    return {name: frozenset(words) for name, words in found.items()}


_WORDS = _sections()
SURNAMES, AMBIGUOUS, CLEAR = (_WORDS[n] for n in ("surnames", "ambiguous", "clear"))
REGIONS, BRANDS = _WORDS["regions"], _WORDS["brands"]
GENERIC, STOPS, TERMS = (_WORDS[n] for n in ("generic", "stops", "terms"))
