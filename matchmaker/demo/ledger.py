"""A generated ledger: contracts of this year so far and of the whole year before.

Every name is invented and bears its mark; types, sums, fields, months and places are
spread as a city's are. The same day gives the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models import Contract, Need, Organisation, User, transaction
from models.regions import DISTRICT_CODES, code_of_district
from models.states import (
    ContractSource,
    ContractState,
    ContractType,
    OrganisationKind,
    PartyKind,
    PaymentManner,
    PaymentTrigger,
    Role,
)

from ..labels import FEN_PER_WAN, today
from .entering import UNPAID, Deal, blank, enter, noon

SEED = 2024
# Of a whole year: how many, and how they fall on its months, as offices close books.
PER_YEAR = 620
MONTHS = (5, 4, 7, 7, 8, 9, 7, 7, 9, 8, 11, 18)
GROWTH = 1.18  # of this year over the one before
TENTH_OF_WAN = FEN_PER_WAN // 10
S, T = ContractState, ContractType
# (type, how often, median in 万元, spread, least share of the technical part)
TYPES = (
    (T.SERVICE, 44, 60, 1.3, 0.5),
    (T.DEVELOPMENT, 33, 120, 1.2, 0.75),
    (T.LICENCE, 9, 90, 1.2, 0.9),
    (T.TRANSFER, 7, 200, 1.3, 0.9),
    (T.CONSULTING, 7, 18, 0.9, 0.8),
)
SUBTYPES: Mapping[ContractType, Sequence[tuple[str, str]]] = {
    T.SERVICE: (("service", "技术服务"), ("service_training", "技术培训")),
    T.DEVELOPMENT: (
        ("development_commissioned", "技术委托开发"),
        ("development_joint", "技术合作开发"),
    ),
    T.LICENCE: (("licence_patent", "专利实施许可"), ("licence_secret", "技术秘密许可")),
    T.TRANSFER: (
        ("transfer_patent", "专利权转让"),
        ("transfer_secret", "技术秘密转让"),
    ),
    T.CONSULTING: (("consulting", "技术咨询"),),
}
# The platform's field -> that of the registration form.
FIELDS = {
    "EM": "manufacturing",
    "AT": "transport",
    "ES": "energy",
    "NM": "materials",
    "IC": "electronics",
    "AI": "electronics",
    "BD": "electronics",
    "AS": "aerospace",
    "BM": "biomedicine",
    "MD": "biomedicine",
    "AG": "agriculture",
    "EP": "environment",
    "RB": "manufacturing",
    "AV": "urban",
    "CH": "materials",
}
IP_KINDS = ("patent", "secret", "software", "none")
DISTRICT_WEIGHTS = (9, 8, 30, 9, 12, 8, 14, 6, 4)
OUTSIDE = (
    ("湘中", "430000"),
    ("岭南", "440000"),
    ("江汉", "420000"),
    ("沪上", "310000"),
    ("京北", "110000"),
    ("赣水", "360000"),
)
OUTSIDE_WORDS = ("启明", "远航", "同创", "恒新", "博源", "天工", "中启", "华拓")
KINDS = {
    OrganisationKind.ENTERPRISE: PartyKind.ENTERPRISE,
    OrganisationKind.UNIVERSITY: PartyKind.UNIVERSITY,
    OrganisationKind.INSTITUTE: PartyKind.INSTITUTE,
    OrganisationKind.PARK: PartyKind.OTHER,
    OrganisationKind.SERVICE_BODY: PartyKind.ENTERPRISE,
}
# What is on its way: (state, how many, days since the signature at most)
OPEN = (
    (S.DRAFT, 6, 0),
    (S.SIGNED, 24, 40),
    (S.SUBMITTED, 15, 50),
    (S.CORRECTING, 6, 60),
    (S.REFUSED, 8, 200),
    (S.VOID, 4, 120),
)
OFFICE = "长沙市技术合同认定登记处(示例)"
# Of a hundred recognised contracts so many were made here, changed, cancelled.
PLATFORM, CHANGED, CANCELLED = 14, 4, 1


def load(session: Session, *, now: datetime) -> int:
    """Enter the ledger once; says how many contracts were new.

    Parties are the demonstration organisations and invented firms elsewhere; without
    the first and without a demonstration member of staff there is no ledger.
    """
    with transaction(session):
        author = session.scalar(
            select(User.id).where(User.is_demo, User.role == Role.STAFF)
        )
        known = session.scalar(
            select(
                exists().where(
                    Contract.is_demo, Contract.source == ContractSource.IMPORTED
                )
            )
        )
        if author is None or known:
            return 0
        city = City.of(session)
        if not city.sellers or len(city.buyers) < 2:  # firms trade with each other
            return 0
        deals = list(_deals(city, now))
        enter(session, deals, author)
    return len(deals)


@dataclass(frozen=True)
class City:
    """Who trades and about what: sellers and buyers of the sample, words of needs."""

    sellers: Sequence[Organisation]
    buyers: Sequence[Organisation]
    subjects: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, session: Session) -> City:
        homes = session.scalars(
            select(Organisation).where(Organisation.is_demo).order_by(Organisation.id)
        ).all()
        offering = OrganisationKind.UNIVERSITY, OrganisationKind.INSTITUTE
        needs = select(Need.field, Need.title).where(Need.is_demo).order_by(Need.code)
        return cls(
            [each for each in homes if each.kind in offering],
            [each for each in homes if each.kind is OrganisationKind.ENTERPRISE],
            [(row.field, row.title) for row in session.execute(needs)],
        )


def _deals(city: City, now: datetime) -> Iterator[Deal]:
    random = Random(SEED)
    numbers = dict.fromkeys((today(now).year - 1, today(now).year), 0)
    for day in _days(random, today(now)):
        numbers[day.year] += 1
        yield _recognised(random, city, day, numbers[day.year], now)
    for state, number, days in OPEN:
        for _ in range(number):
            numbers[today(now).year] += 1
            yield _open(random, city, state, days, numbers[today(now).year], now)


def _days(random: Random, last: date) -> Iterator[date]:
    """The days of recognition, month by month, up to ``last``."""
    for year in (last.year - 1, last.year):
        yearly = PER_YEAR / (GROWTH if year < last.year else 1)
        for month, weight in enumerate(MONTHS, 1):
            first = date(year, month, 1)
            following = date(year + month // 12, month % 12 + 1, 1)
            length = (following - first).days
            days = sorted(
                first + timedelta(days=random.randrange(length))
                for _ in range(round(yearly * weight / 100))
            )
            yield from (day for day in days if day <= last)


# -- One contract --------------------------------------------------------------------


def _recognised(
    random: Random, city: City, day: date, number: int, now: datetime
) -> Deal:
    lot = random.randrange(100)
    state = S.RECOGNISED
    if lot < CHANGED and (today(now) - day).days > 30:
        state = S.AMENDED
    elif lot < CHANGED + CANCELLED and (today(now) - day).days > 30:
        state = S.CANCELLED
    signed = day - timedelta(days=random.randint(3, 45))
    code = f"SL{day.year}-{number:06d}"
    deal = _deal(random, city, state, signed, code, now)
    row = deal.row
    row |= {
        "registration_number": f"{day.year}4301SL{number:06d}",
        "recognised_on": day,
        "submitted_on": signed + timedelta(days=(day - signed).days // 2),
        "office": OFFICE,
    }
    if random.randrange(100) >= PLATFORM:
        row["source"] = ContractSource.IMPORTED
    else:
        _pay(random, deal, now)
    if state is S.CANCELLED:
        row["cancelled_on"] = min(today(now), day + timedelta(days=25))
        row["cancelled_words"] = "双方协商解除(示例)"
    if state is S.AMENDED:
        _amend(random, deal, now)
    row["created_at"] = row["updated_at"] = row["state_since"] = min(noon(day), now)
    return deal


def _open(
    random: Random,
    city: City,
    state: ContractState,
    days: int,
    number: int,
    now: datetime,
) -> Deal:
    signed = today(now) - timedelta(days=random.randint(days // 3, max(days, 1)))
    code = f"SL{today(now).year}-{number:06d}"
    deal = _deal(random, city, state, signed, code, now)
    row = deal.row
    since = signed + (today(now) - signed) / 2
    if state is S.DRAFT:
        row["signed_on"] = None
        since = today(now) - timedelta(days=random.randint(1, 9))
    if state in (S.SUBMITTED, S.CORRECTING, S.REFUSED):
        row |= {"submitted_on": since, "office": OFFICE}
    if state is S.CORRECTING:
        row["correction_words"] = "请补充价款构成和验收标准(示例)"
    if state is S.REFUSED:
        row |= {"refused_code": "amount_unclear", "refused_words": "价款构成不清(示例)"}
    if state is not S.VOID:
        _pay(random, deal, now)
    row["created_at"] = row["updated_at"] = row["state_since"] = min(noon(since), now)
    return deal


def _deal(
    random: Random,
    city: City,
    state: ContractState,
    signed: date,
    code: str,
    now: datetime,
) -> Deal:
    kind, _, median, spread, share = random.choices(
        TYPES, weights=[each[1] for each in TYPES]
    )[0]
    subtype, words = random.choices(
        SUBTYPES[kind], weights=range(len(SUBTYPES[kind]) + 1, 1, -1)
    )[0]
    topic = random.choice(city.subjects) if city.subjects else ("EM", "装备改造")
    total = _sum(random, median, spread)
    technical = round(total * random.uniform(share, 1) / TENTH_OF_WAN) * TENTH_OF_WAN
    row = blank(state, now) | {
        "code": code,
        "name": f"{topic[1][:60]}{words}合同(示例)",
        "type": kind,
        "subtype": subtype,
        "total_fen": total,
        "technology_fen": min(total, technical),
        "signed_on": signed,
        "starts_on": signed,
        "ends_on": signed + timedelta(days=random.choice((180, 365, 540, 730))),
        "field": topic[0],
        "technology_field": FIELDS.get(topic[0], "urban"),
        "ip_kind": random.choice(IP_KINDS),
        "plan_source": "outside",
        "is_related_deal": False,
        "payment_manner": PaymentManner.LUMP_SUM,
    }
    return Deal(row | _parties(random, city, kind))


def _sum(random: Random, median: float, spread: float) -> int:
    wan = min(30_000.0, median * random.lognormvariate(0, spread))
    return max(1, round(wan * 10)) * TENTH_OF_WAN


def _parties(random: Random, city: City, kind: ContractType) -> dict[str, Any]:
    from_college = random.random() < (0.4 if kind is T.SERVICE else 0.75)
    seller = random.choice(city.sellers if from_college else city.buyers)
    buyer = random.choice([each for each in city.buyers if each is not seller])
    found = _side(random, "seller", seller) | _side(random, "buyer", buyer)
    lot = random.random()
    if lot < 0.22:
        found |= _outsider(random, "buyer")
    elif lot < 0.34:
        found |= _outsider(random, "seller")
    return found


def _side(random: Random, name: str, home: Organisation) -> dict[str, Any]:
    """A party that is of the sample; somewhere in the city if it does not say."""
    found = party(name, home)
    if found[f"{name}_region"] is None:
        region = random.choices(list(DISTRICT_CODES), weights=DISTRICT_WEIGHTS)[0]
        found[f"{name}_region"] = region
    return found


def party(name: str, home: Organisation) -> dict[str, Any]:
    """The columns of a party: ``name`` is «buyer» or «seller»."""
    return {
        f"{name}_id": home.id,
        f"{name}_name": home.name,
        f"{name}_kind": KINDS[home.kind],
        f"{name}_region": code_of_district(home.district),
    }


def _outsider(random: Random, name: str) -> dict[str, Any]:
    place, region = random.choice(OUTSIDE)
    word = random.choice(OUTSIDE_WORDS)
    return {
        f"{name}_id": None,
        f"{name}_name": f"{place}{word}科技有限公司(示例)",
        f"{name}_kind": PartyKind.ENTERPRISE,
        f"{name}_region": region,
    }


def _amend(random: Random, deal: Deal, now: datetime) -> None:
    """The sum was raised by a tenth; what it was before stands in the change."""
    row = deal.row
    before = row["total_fen"] * 9 // 10
    row["technology_fen"] = min(row["technology_fen"], before)
    day = min(today(now), row["recognised_on"] + timedelta(days=random.randint(20, 29)))
    deal.amendment = {
        "number": 1,
        "amended_on": day,
        "reason": "增加一项测试内容(示例)",
        "changes": {"total_fen": [before, row["total_fen"]]},
        "created_at": noon(day),
    }


def _pay(random: Random, deal: Deal, now: datetime) -> None:
    """A plan that makes up the sum, and money that arrived for what is due."""
    row = deal.row
    total, signed = row["total_fen"], row["signed_on"]
    lot = random.random()
    if lot < 0.4:
        lines = [(PaymentTrigger.SIGNING, total)]
    elif lot < 0.85:
        row["payment_manner"] = PaymentManner.INSTALMENTS
        first, second = total * 3 // 10, total * 4 // 10
        lines = [
            (PaymentTrigger.SIGNING, first),
            (PaymentTrigger.TEST_PASSED, second),
            (PaymentTrigger.ACCEPTANCE, total - first - second),
        ]
    else:
        row["payment_manner"] = PaymentManner.PAY_AFTER_USE
        lines = [(PaymentTrigger.TEST_PASSED, total)]
    age = (today(now) - signed).days if signed else 0
    for place, (trigger, fen) in enumerate(lines):
        due = signed + timedelta(days=10 + 90 * place) if signed else None
        over = due is not None and due <= today(now) and row["state"] not in UNPAID
        met = over and trigger is not PaymentTrigger.SIGNING
        deal.payments.append(
            {
                "position": place + 1,
                "trigger": trigger,
                "amount_fen": fen,
                "happened_on": due if met else None,
                "words": "",
                "base": "",
            }
        )
        if over and due is not None and age > 20 and random.random() < 0.7:
            part = fen if random.random() < 0.8 else max(1, fen // 2)
            deal.receipts.append((place, part, due))
