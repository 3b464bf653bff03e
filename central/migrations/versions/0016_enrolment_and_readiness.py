"""Codes that let a new terminal in, and the reports of those that were set up."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "enrolment_codes",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False, comment="the code itself is kept nowhere"),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("wrong_tries", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "used_key", sa.LargeBinary(), nullable=True, comment="Ed25519 of who used it: the same may ask again"
        ),
        sa.PrimaryKeyConstraint("terminal", name="pk_enrolment_codes"),
    )
    op.create_table(
        "readiness_reports",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the report as it was signed"),
        sa.Column("report", sa.LargeBinary(), nullable=False, comment="JSON, byte by byte as it was signed"),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="Ed25519 of the terminal"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False, comment="by the terminal's corrected clock"),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["terminal"], ["terminals.id"], name="fk_readiness_reports_terminal"),
        sa.PrimaryKeyConstraint("terminal", "digest", name="pk_readiness_reports"),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("readiness_reports")
    op.drop_table("enrolment_codes")
