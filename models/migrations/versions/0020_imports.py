"""Files of needs, achievements, calls and organisations; by what a record is known"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from models.likeness import likeness

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# Table, whose record it is, the text of its key.
KNOWN = (
    ("needs", "organisation_id", "problem"),
    ("achievements", "organisation_id", "abstract"),
    ("calls", "issuer_id", "background"),
)
MANNER = sa.Enum(
    "draft",
    "submit",
    "restore",
    name="importmanner",
    native_enum=False,
    create_constraint=True,
    length=32,
)
AT_ONCE = 1000


def upgrade() -> None:
    for table, owner, text in KNOWN:
        op.add_column(
            table, sa.Column("external_number", sa.String(length=64), nullable=True)
        )
        for name in ("title_key", "text_key"):
            op.add_column(table, sa.Column(name, sa.String(length=32), nullable=True))
        _fill(table, text)
        op.create_index(f"ix_{table}_known", table, [owner, "title_key"])
        op.create_index(
            f"uq_{table}_number", table, [owner, "external_number"], unique=True
        )
    with op.batch_alter_table("import_runs") as batch:
        batch.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("manner", MANNER, nullable=False, server_default="draft")
        )
        for name, kind, value in (
            ("takes_suspects", sa.Boolean(), sa.false()),
            ("suspected", sa.Integer(), "0"),
        ):
            batch.add_column(
                sa.Column(name, kind, nullable=False, server_default=value)
            )
        batch.create_foreign_key(
            op.f("fk_import_runs_organisation_id"),
            "organisations",
            ["organisation_id"],
            ["id"],
        )
        batch.create_index(op.f("ix_import_runs_organisation_id"), ["organisation_id"])
    with op.batch_alter_table("import_runs") as batch:
        for name in ("manner", "takes_suspects", "suspected"):
            batch.alter_column(name, server_default=None)
    op.create_table(
        "import_mappings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_import_mappings_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mappings")),
        sa.UniqueConstraint(
            "kind",
            "organisation_id",
            name=op.f("uq_import_mappings_kind_organisation_id"),
        ),
    )
    op.create_index(
        op.f("ix_import_mappings_organisation_id"),
        "import_mappings",
        ["organisation_id"],
    )
    nobodys = sa.text("organisation_id IS NULL")
    op.create_index(
        "uq_import_mappings_platform",
        "import_mappings",
        ["kind"],
        unique=True,
        sqlite_where=nobodys,
        postgresql_where=nobodys,
    )


def _fill(name: str, text: str) -> None:
    """The keys of what is there already."""
    table = sa.table(
        name,
        sa.column("id"),
        sa.column("title"),
        sa.column(text),
        sa.column("title_key"),
        sa.column("text_key"),
    )
    connection = op.get_bind()
    change = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("which"))
        .values(title_key=sa.bindparam("title_"), text_key=sa.bindparam("text_"))
    )
    for rows in _portions(connection, table, text):
        connection.execute(
            change,
            [
                {"which": id_, "title_": likeness(title), "text_": likeness(words)}
                for id_, title, words in rows
            ],
        )


def _portions(
    connection: sa.Connection, table: sa.TableClause, text: str
) -> Iterator[list[tuple[int, str, str]]]:
    last = 0
    while True:
        query = (
            sa.select(table.c.id, table.c.title, table.c[text])
            .where(table.c.id > last)
            .order_by(table.c.id)
            .limit(AT_ONCE)
        )
        rows = [(row[0], row[1], row[2]) for row in connection.execute(query)]
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_table("import_mappings")
    with op.batch_alter_table("import_runs") as batch:
        batch.drop_index(op.f("ix_import_runs_organisation_id"))
        batch.drop_constraint(
            op.f("fk_import_runs_organisation_id"), type_="foreignkey"
        )
        batch.drop_constraint(op.f("ck_import_runs_importmanner"), type_="check")
        for name in ("suspected", "takes_suspects", "manner", "organisation_id"):
            batch.drop_column(name)
    for table, _, _ in KNOWN:
        op.drop_index(f"uq_{table}_number", table)
        op.drop_index(f"ix_{table}_known", table)
        for name in ("text_key", "title_key", "external_number"):
            op.drop_column(table, name)
