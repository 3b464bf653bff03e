"""What terminals tell of themselves: the newest word of each, and what it had left, hour by hour, for forecasts."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from central.tables import Base, Count, Milliseconds


class TerminalWord(Base):
    """The newest word of a terminal on itself."""

    __tablename__ = "terminal_words"

    # No foreign key, as with entries.
    terminal: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[Milliseconds]
    told: Mapped[str] = mapped_column(comment="kiosk.records.telemetry.Telemetry, as JSON; names no citizen")


class SupplyReading(Base):
    """What a terminal had left in one hour, as it last told in it. Bounded: kept for a quarter of a year."""

    __tablename__ = "supply_readings"
    __table_args__ = (Index("ix_supply_readings_read_at", "read_at"),)

    terminal: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[Count] = mapped_column(primary_key=True, comment="hours since 1970 UTC by the centre's clock")
    read_at: Mapped[Milliseconds]
    paper: Mapped[str | None] = mapped_column(comment="enough, low, out; empty: not told")
    faces_left: Mapped[Count | None]
    hopper: Mapped[Count | None]
    reject_bin_room: Mapped[Count | None] = mapped_column(comment="cards that still go in")
    retained_bin_room: Mapped[Count | None]
