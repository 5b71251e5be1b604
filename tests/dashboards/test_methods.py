"""The computations of the indicators, over figures written by hand."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from matchmaker.contracts.groupings import Sum
from matchmaker.dashboards import facts
from matchmaker.dashboards.methods import METHODS, Figures, reached
from models.states import ContractType, Flow, TargetIndicator, Unit
from models.targets import UNITS

YI = 10**10
YEAR = Figures(
    year=2026,
    elapsed=Fraction(1, 2),
    counted=Sum(9, 90 * YI, 60 * YI),
    by_type={
        ContractType.DEVELOPMENT: Sum(3, 30 * YI, 0),
        ContractType.TRANSFER: Sum(2, 9 * YI, 0),
        ContractType.SERVICE: Sum(4, 51 * YI, 0),
    },
    by_flow={
        Flow.LOCAL: Sum(4, 50 * YI, 0),
        Flow.OUT: Sum(1, 30 * YI, 0),
        Flow.IN: Sum(4, 10 * YI, 0),
    },
    three_kinds_before=Sum(5, 30 * YI, 0),
    before=date(2025, 7, 2),
    has_ledger_before=True,
    facts={facts.GDP: 1000 * YI},
    facts_before={},
    needs=7,
    calls=2,
)


def value(method, figures=YEAR, indicator=TargetIndicator.TURNOVER):
    return reached(indicator, method, figures).value


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("recognised_total", 90 * YI),
        ("recognised_technology", 60 * YI),
        ("recognised_total_by_gdp", 900),  # 9.00 %
        ("three_kinds_growth", 3000),  # 39 against 30
        ("local_share_of_sales", 6250),  # 50 of 80
        ("local_share_of_purchases", 8333),  # 50 of 60
        ("local_share_of_contracts", 8000),  # 4 of 5
        ("needs_published", 7),
        ("calls_accepted", 2),
    ],
)
def test_each_method_counts_what_it_says(method, expected):
    assert value(method) == expected


def test_a_growth_may_be_below_nothing():
    before = replace(YEAR, three_kinds_before=Sum(5, 78 * YI, 0))
    assert value("three_kinds_growth", before) == -5000


def test_a_year_before_the_ledger_stands_with_what_was_entered():
    """Half of the year has passed: half of the year before is what it stands beside."""
    entered = replace(
        YEAR,
        has_ledger_before=False,
        three_kinds_before=Sum(),
        facts_before={facts.THREE_KINDS: 60 * YI},
    )
    found = reached(TargetIndicator.THREE_KINDS_GROWTH, "three_kinds_growth", entered)
    assert found.value == 3000
    assert "按已过天数折算" in found.note
    whole = replace(entered, elapsed=Fraction(1))
    assert value("three_kinds_growth", whole) == -3500


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("recognised_total_by_gdp", {"facts": {}}),
        ("recognised_total_by_gdp", {"facts": {facts.GDP: 0}}),
        ("three_kinds_growth", {"three_kinds_before": Sum()}),
        (
            "three_kinds_growth",
            {"three_kinds_before": Sum(), "has_ledger_before": False},
        ),
        ("local_share_of_sales", {"by_flow": {}}),
        ("local_share_of_purchases", {"by_flow": {}}),
        ("local_share_of_contracts", {"by_flow": {}}),
    ],
)
def test_what_cannot_be_computed_says_what_is_wanting(method, change):
    found = reached(TargetIndicator.TURNOVER, method, replace(YEAR, **change))
    assert found.value is None
    assert found.missing


def test_a_year_without_ledger_shows_the_entered_turnover_and_says_so():
    empty = replace(YEAR, counted=Sum(), facts={facts.TURNOVER: 1200 * YI})
    found = reached(TargetIndicator.TURNOVER, "recognised_total", empty)
    assert (found.value, bool(found.note)) == (1200 * YI, True)
    # With a ledger, the ledger counts.
    assert (
        value("recognised_total", replace(YEAR, facts={facts.TURNOVER: 1})) == 90 * YI
    )


def test_an_entered_figure_is_that_of_the_indicator():
    figures = replace(YEAR, facts={TargetIndicator.EVENTS: 4})
    assert value("entered", figures, TargetIndicator.EVENTS) == 4
    found = reached(TargetIndicator.PILOT_BASES, "entered", figures)
    assert found.value is None
    assert "2026" in found.missing


def test_an_indicator_that_counts_pieces_can_be_entered():
    counted = {each for each, unit in UNITS.items() if unit is Unit.COUNT}
    assert counted <= {each for each in TargetIndicator if each in facts.FACTS}
    assert METHODS["entered"].unit is Unit.COUNT
