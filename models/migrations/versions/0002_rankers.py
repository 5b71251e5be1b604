"""Rankers, their activations, and the probability of approval"""

from collections.abc import Mapping
from math import exp
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BATCH = 500
# How the parts of the score of «fixed-1» were weighed.
WEIGHTS = {
    "整体意思接近": ("whole", 1.0),
    "逐条内容对应": ("coverage", 0.75),
    "共同专业用词": ("lexical", 0.04),
}
FIT = {"met": 1.0, "unmet": 0.0}
# Of the pairs of the sample scored by «fixed-1», one in two of this score was right.
EVEN, STEEPNESS = 7.5, 0.9


def upgrade() -> None:
    op.create_table(
        "rankers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "candidate",
                "active",
                "retired",
                name="rankerstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rankers")),
        sa.UniqueConstraint("name", name=op.f("uq_rankers_name")),
    )
    op.create_table(
        "ranker_activations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ranker_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("is_rollback", sa.Boolean(), nullable=False),
        sa.Column("rescored", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ranker_id"], ["rankers.id"], name=op.f("fk_ranker_activations_ranker_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranker_activations")),
    )
    op.create_index(
        op.f("ix_ranker_activations_ranker_id"), "ranker_activations", ["ranker_id"]
    )
    # With a default, so that SQLite adds the columns without copying the table.
    op.add_column(
        "suggestions",
        sa.Column("probability", sa.Double(), nullable=False, server_default="0"),
    )
    op.add_column(
        "suggestions",
        sa.Column("features", sa.JSON(), nullable=False, server_default="{}"),
    )
    op.add_column("reviews", sa.Column("probability", sa.Double(), nullable=True))
    op.add_column("reviews", sa.Column("features", sa.JSON(), nullable=True))
    _fill()
    op.drop_index("ix_suggestions_queue", table_name="suggestions")
    op.create_index("ix_suggestions_queue", "suggestions", ["status", "probability"])


def downgrade() -> None:
    op.drop_index("ix_suggestions_queue", table_name="suggestions")
    op.create_index("ix_suggestions_queue", "suggestions", ["status", "score"])
    op.drop_column("reviews", "features")
    op.drop_column("reviews", "probability")
    op.drop_column("suggestions", "features")
    op.drop_column("suggestions", "probability")
    op.drop_index(
        op.f("ix_ranker_activations_ranker_id"), table_name="ranker_activations"
    )
    op.drop_table("ranker_activations")
    op.drop_table("rankers")


def _fill() -> None:
    """What can be told of pairs written before: from their evidence and score.

    Money and missing levels of readiness were not kept as numbers; they come with
    the next matching of the pair.
    """
    pairs = sa.table(
        "suggestions",
        sa.column("id", sa.Integer),
        sa.column("kind", sa.String),
        sa.column("score", sa.Double),
        sa.column("evidence", sa.JSON),
        sa.column("probability", sa.Double),
        sa.column("features", sa.JSON),
    )
    reviews = sa.table(
        "reviews",
        sa.column("suggestion_id", sa.Integer),
        sa.column("score", sa.Double),
        sa.column("probability", sa.Double),
        sa.column("features", sa.JSON),
    )
    connection = op.get_bind()
    columns = (pairs.c.id, pairs.c.kind, pairs.c.score, pairs.c.evidence)
    last = 0
    while True:
        query = (
            sa.select(*columns)
            .where(pairs.c.id > last)
            .order_by(pairs.c.id)
            .limit(BATCH)
        )
        rows = connection.execute(query).all()
        if not rows:
            break
        last = rows[-1].id
        for row in rows:
            known = {
                "features": _features(row.kind, row.evidence or {}),
                "probability": 1 / (1 + exp(-STEEPNESS * (row.score - EVEN))),
            }
            connection.execute(
                sa.update(pairs).where(pairs.c.id == row.id).values(known)
            )
            # Of the texts as they are; a decision on other texts keeps nothing.
            same = (reviews.c.suggestion_id == row.id) & (reviews.c.score == row.score)
            connection.execute(sa.update(reviews).where(same).values(known))


def _features(kind: str, evidence: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for part in evidence.get("parts", ()):
        if part["name"] in WEIGHTS:
            name, weight = WEIGHTS[part["name"]]
            found[name] = part["value"] / weight
    verdicts = [row["verdict"] for row in evidence.get("indicators", ())]
    facts = {fact["name"]: fact["verdict"] for fact in evidence.get("facts", ())}
    total = len(verdicts) or 1
    return found | {
        "same_field": float(facts.get("技术领域") == "met"),
        "modes_fit": FIT.get(facts.get("合作方式", ""), 0.5),
        "met": (verdicts.count("met") + verdicts.count("partial") / 2) / total,
        "unmet": verdicts.count("unmet") / total,
        "is_need_call": float(kind == "need_call"),
        "is_call_achievement": float(kind == "call_achievement"),
    }
