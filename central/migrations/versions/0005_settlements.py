"""Settlements: what calendar years came to, and receipts of visits."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _shares() -> list[sa.Column[int]]:
    return [
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_range_fen", sa.BigInteger(), nullable=False, comment="what medical insurance takes into account"),
        sa.Column("fund_fen", sa.BigInteger(), nullable=False, comment="paid by the fund"),
        sa.Column("person_fen", sa.BigInteger(), nullable=False, comment="borne by the person"),
        sa.Column("own_share_fen", sa.BigInteger(), nullable=False, comment="of that in range"),
        sa.Column("out_of_range_fen", sa.BigInteger(), nullable=False, comment="of that out of range"),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False, comment="of that paid in cash"),
        sa.Column(
            "mutual_aid_fen",
            sa.BigInteger(),
            nullable=False,
            comment="paid by the large-sum mutual aid since 1 January",
        ),
    ]


def _sums_come_out(table: str, *further: str) -> list[sa.CheckConstraint]:
    columns = [*(column.name for column in _shares()), *further]
    return [
        sa.CheckConstraint(" AND ".join(f"{column} >= 0" for column in columns), name=f"ck_{table}_not_negative"),
        sa.CheckConstraint("total_fen = fund_fen + person_fen", name=f"ck_{table}_total"),
        sa.CheckConstraint("person_fen = out_of_range_fen + own_share_fen", name=f"ck_{table}_person"),
        sa.CheckConstraint("in_range_fen = fund_fen + own_share_fen", name=f"ck_{table}_in_range"),
        sa.CheckConstraint("cash_fen <= person_fen", name=f"ck_{table}_cash"),
    ]


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "medical_years",
        sa.Column("social_security_number", sa.Text(), nullable=False, comment="AAC002"),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False, comment="working or retired: which deductible counts"),
        sa.Column("deductible_used_fen", sa.BigInteger(), nullable=False),
        *_shares(),
        *_sums_come_out("medical_years", "deductible_used_fen"),
        sa.ForeignKeyConstraint(
            ["social_security_number"],
            ["holders.social_security_number"],
            name=op.f("fk_medical_years_social_security_number"),
        ),
        sa.PrimaryKeyConstraint("social_security_number", "year", name=op.f("pk_medical_years")),
    )
    op.create_table(
        "settlement_receipts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("social_security_number", sa.Text(), nullable=False, comment="AAC002"),
        sa.Column("day", sa.Text(), nullable=False, comment="YYYY-MM-DD"),
        sa.Column("place", sa.Text(), nullable=False),
        *_shares(),
        *_sums_come_out("settlement_receipts"),
        sa.ForeignKeyConstraint(
            ["social_security_number"],
            ["holders.social_security_number"],
            name=op.f("fk_settlement_receipts_social_security_number"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_settlement_receipts")),
    )
    op.create_index(
        "ix_settlement_receipts_social_security_number", "settlement_receipts", ["social_security_number", "day"]
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("settlement_receipts")
    op.drop_table("medical_years")
