"""Cards started at a terminal, and how their holders are reached."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("transactions", sa.Column("activated_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "transactions",
        sa.Column(
            "activation", sa.Text(), nullable=True, comment="what starting a card came to, as JSON, to be given again"
        ),
    )
    op.add_column("holders", sa.Column("phone", sa.Text(), nullable=True, comment="AAE005"))
    op.add_column("holders", sa.Column("address", sa.Text(), nullable=True, comment="AAE006"))
    op.add_column("holders", sa.Column("postcode", sa.Text(), nullable=True, comment="AAE007"))


def downgrade() -> None:
    """Take the tables back."""
    for column in ("postcode", "address", "phone"):
        op.drop_column("holders", column)
    for column in ("activation", "activated_at"):
        op.drop_column("transactions", column)
