"""``POST /v1/terminal``: a terminal asks whether the centre knows it. Changes nothing but when it was last seen."""

from dataclasses import dataclass

from sqlalchemy import select

from central.database import Database
from central.exchange import Asker
from central.tables import Terminal, TerminalLedger
from kiosk.records.health import AskTerminal, TerminalTold


@dataclass(frozen=True, slots=True)
class TerminalDesk:
    """Answers terminals about themselves."""

    database: Database

    def tell(self, asker: Asker, _question: AskTerminal) -> TerminalTold:
        """Who asked, as it is registered; the first reason for which one of its ledgers is frozen."""
        with self.database.reading() as session:
            region = session.get_one(Terminal, asker.terminal).region
            reasons = select(TerminalLedger.frozen_reason).where(
                TerminalLedger.terminal == asker.terminal, TerminalLedger.frozen_reason.is_not(None)
            )
            return TerminalTold(terminal=asker.terminal, region=region, frozen=session.scalars(reasons).first() or "")
