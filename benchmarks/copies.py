"""Copies of a record as people make them, and pairs that only look like copies."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import opencc

from index.evaluate import Data
from index.text import Source, sentences
from models.outbox import RecordType

from .processes import ROOT

WRITTEN = ROOT / "tests" / "index" / "data" / "duplicates.jsonl"
KINDS = (RecordType.NEED, RecordType.ACHIEVEMENT)
# Every so manieth record of the sample is copied by each rule.
EVERY = 25
# What two firms that use one consultant, or one firm in two needs, have in common.
INTRODUCTIONS = (
    "我公司成立于2009年，是国家高新技术企业、省级专精特新“小巨人”企业，现有员工三百二十人，"
    "年产值4.6亿元，建有省级企业技术中心，产品销往全国二十多个省市，具备中试和检测条件，"
    "可提供场地、样品和现场数据配合研发。",
    "申报单位长期从事本领域的研究与生产，拥有一支由教授级高工领衔的技术团队，先后承担省市科技计划"
    "项目十余项，获授权发明专利四十余件，愿以合作开发、委托开发等方式与高校院所共同攻关，"
    "成果共享、风险共担。",
)
# What a firm writes of itself before each of its needs: longer than most of them.
OF_ITSELF = (
    "湖南某某智能装备股份有限公司成立于2009年，坐落于长沙经济技术开发区，是集研发、生产、"
    "销售、服务于一体的国家高新技术企业和省级专精特新“小巨人”企业。公司占地面积一百二十亩，"
    "现有员工六百三十人，其中研发人员一百四十人，年产值8.6亿元，产品销往全国三十多个省市"
    "并出口东南亚。公司建有省级企业技术中心和院士专家工作站，先后通过质量、环境和职业健康"
    "安全三体系认证，拥有发明专利六十余项，参与制定国家和行业标准九项。公司坚持创新驱动，"
    "历年研发投入占销售收入的百分之六以上，与省内外多所高校建立了长期的产学研合作关系。"
    "公司愿提供中试场地、样机和现场数据，配合开展联合攻关，成果共享、风险共担，并可按项目"
    "进度拨付经费。"
)
FORMULAS = ("完成样机1套并通过第三方检测", "申请发明专利不少于2件", "形成企业标准1项")
_MISTYPED = "的了在有是和为人中大上下"


@dataclass(frozen=True)
class Pair:
    """A text held against a record of the sample.

    same  whether it is that record over again
    how   in what way it was made
    kept  another text of the pair instead of the record itself
    """

    kind: RecordType
    of: str
    same: bool
    how: str
    text: Source
    kept: Source | None = None


def pairs(data: Data) -> Iterator[Pair]:
    """Copies by rule, copies by hand and what is no copy, always the same ones."""
    for kind in KINDS:
        records = data.records[kind]
        names = sorted(records)
        for place in range(0, len(names), EVERY):
            name, other = names[place], names[(place + 7) % len(names)]
            yield from _copies(kind, name, records[name], records[other])
            neighbour = names[(place + 1) % len(names)]
            yield from _same_frame(kind, name, records[name], records[neighbour])
    yield from written()


def of_one_firm(data: Data) -> Iterator[Pair]:
    """Needs of one firm, each after what it writes of itself; by hand and drawn."""
    kind = RecordType.NEED
    records = data.records[kind]
    for pair in written():
        if pair.kind is kind:
            kept = introduced(records[pair.of])
            yield replace(pair, text=introduced(pair.text), kept=kept)
    names = sorted(records)
    for place in range(0, len(names) - EVERY, EVERY // 5):
        text, kept = (introduced(records[names[n]]) for n in (place + 7, place))
        yield Pair(kind, names[place], False, "two drawn", text, kept=kept)


def introduced(source: Source) -> Source:
    """The need after what its firm writes of itself."""
    return replace(source, body=OF_ITSELF + source.body)


def written() -> Iterator[Pair]:
    """Copies and near misses by hand."""
    for line in WRITTEN.read_text("utf-8").splitlines():
        row = json.loads(line)
        kind = RecordType.NEED if row["of"].startswith("N") else RecordType.ACHIEVEMENT
        text = Source(row["title"], row["body"], tuple(row["points"]))
        yield Pair(kind, row["of"], row["same"], row["how"], text)


def _copies(
    kind: RecordType, name: str, source: Source, other: Source
) -> Iterator[Pair]:
    for how, rule in RULES.items():
        text = rule(source, random.Random(f"{how} {name}"))
        yield Pair(kind, name, True, how, text)
    yield Pair(
        kind,
        name,
        True,
        "title changed",
        Source(other.title, source.body, source.points),
    )
    framed = Source(source.title, INTRODUCTIONS[0] + source.body, source.points)
    yield Pair(kind, name, True, "introduction added", framed)


def _same_frame(
    kind: RecordType, name: str, source: Source, other: Source
) -> Iterator[Pair]:
    """Two records of one field that begin, or begin and end, with the same words."""
    for number, words in enumerate(INTRODUCTIONS):
        added = FORMULAS[: 2 * number]
        left, right = (
            Source(one.title, words + one.body, one.points + added)
            for one in (source, other)
        )
        yield Pair(kind, name, False, "same frame", right, kept=left)


def _in_each(source: Source, change: Callable[[str], str]) -> Source:
    return Source(
        change(source.title), change(source.body), tuple(map(change, source.points))
    )


def _parts(body: str) -> list[str]:
    return [body[start:end] for start, end in sentences(body)]


def _again(source: Source, _: random.Random) -> Source:
    return source


def _reordered(source: Source, chance: random.Random) -> Source:
    parts, points = _parts(source.body), list(source.points)
    chance.shuffle(parts)
    chance.shuffle(points)
    return Source(source.title, "".join(parts), tuple(points))


def _shortened(source: Source, chance: random.Random) -> Source:
    parts = _parts(source.body)
    kept = sorted(chance.sample(range(len(parts)), (len(parts) + 1) // 2))
    points = source.points[: max(1, len(source.points) // 2)]
    return Source(source.title, "".join(parts[place] for place in kept), points)


def _other_figures(source: Source, chance: random.Random) -> Source:
    def other(match: re.Match[str]) -> str:
        return str(max(1, round(int(match[0]) * chance.choice((0.5, 0.8, 1.3, 2)))))

    return _in_each(source, lambda text: re.sub(r"\d+", other, text))


def _mistyped(source: Source, chance: random.Random) -> Source:
    def slip(letter: str) -> str:
        fate = chance.random()
        if fate < 0.02:
            return ""
        return chance.choice(_MISTYPED) if fate < 0.05 else letter

    return _in_each(source, lambda text: "".join(map(slip, text)))


def _traditional(source: Source, _: random.Random) -> Source:
    marks = str.maketrans(",.;:()", "，．；：（）", " ")
    convert = opencc.OpenCC("s2t").convert
    return _in_each(source, lambda text: convert(text.translate(marks)))


RULES: Mapping[str, Callable[[Source, random.Random], Source]] = {
    "again": _again,
    "reordered": _reordered,
    "shortened": _shortened,
    "other figures": _other_figures,
    "typing errors": _mistyped,
    "traditional characters": _traditional,
}
