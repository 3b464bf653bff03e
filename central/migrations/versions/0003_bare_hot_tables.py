"""Entries and transactions without what costs every row and tells nobody anything.

Foreign keys: an entry goes in only while the row of its ledger is locked, a transaction only for a terminal whose
signature was checked, and neither ledgers nor terminals are ever deleted. The index on arrival times served no query.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    # SQLite copies both tables for this; nothing refers to them that would go with the old ones.
    with op.batch_alter_table("entries") as entries:
        entries.drop_index("ix_entries_received_at")
        entries.drop_constraint("fk_entries_terminal", type_="foreignkey")
    with op.batch_alter_table("transactions") as transactions:
        transactions.drop_constraint("fk_transactions_terminal", type_="foreignkey")


def downgrade() -> None:
    """Take the tables back."""
    with op.batch_alter_table("transactions") as transactions:
        transactions.create_foreign_key("fk_transactions_terminal", "terminals", ["terminal"], ["id"])
    with op.batch_alter_table("entries") as entries:
        entries.create_foreign_key(
            "fk_entries_terminal", "ledgers", ["terminal", "ledger_id"], ["terminal", "ledger_id"]
        )
        entries.create_index("ix_entries_received_at", ["received_at"])
