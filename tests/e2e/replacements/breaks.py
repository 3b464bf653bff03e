"""Faults that a campaign of replacements must notice, planted in a copy of the project."""

from typing import Final

from tests.e2e.chaos_breaks import Patch

BREAKS: Final[dict[str, tuple[Patch, ...]]] = {
    # A job gets as many blanks as it asks for. The terminal's book and the centre both look, and each alone would save
    # it from a second card.
    "duplicate-check-off": (
        Patch(
            "kiosk/custody/stock.py",
            "    if wish.move is Move.FED and known is not None:\n",
            "    if wish.move is Move.FED and known is not None and known.place is Place.PRINTER:\n",
        ),
        Patch(
            "central/issuance.py",
            "            if row.blank is not None:\n",
            "            if row.blank == code:\n",
        ),
    ),
    # The switch leaves the old card as it is.
    "old-card-stays-valid": (
        Patch(
            "central/issuance.py",
            "order, new, now_ms, cause, sealed=instant.sealed))\n",
            "order, new, now_ms, cause, sealed=instant.sealed))\n            old.state = CardState.NORMAL.value\n",
        ),
    ),
    # After a restart nobody asks the centre whether it has switched: every card in the printer is a dead thing.
    "switch-forgotten": (
        Patch(
            "kiosk/journeys/issuing_recovery.py",
            "        if standing.stage is IssuanceStage.SWITCHED:\n",
            "        if standing.stage is IssuanceStage.SWITCHED and standing.place:\n",
        ),
    ),
    # What is abandoned is not given back.
    "refund-forgotten": (
        Patch(
            "central/issuance_stages.py",
            "    if fee is not None and fee.state == FeeStanding.PAID.value:\n",
            "    if fee is not None and fee.state == FeeStanding.CLOSED.value:\n",
        ),
    ),
}
