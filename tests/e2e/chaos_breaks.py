"""Faults that a campaign must notice, planted in a copy of the project. A campaign that finds none proves nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Patch:
    """``old`` stands in ``file`` exactly once and becomes ``new``."""

    file: str
    old: str
    new: str

    def apply(self, project: Path) -> None:
        """Patch the project in this folder.

        :raises LookupError: the source has changed, and this table must follow.
        """
        victim = project / self.file
        text = victim.read_text(encoding="utf-8")
        if (found := text.count(self.old)) != 1:
            raise LookupError(f"{self.old!r} stands {found} times in {self.file}")
        victim.write_text(text.replace(self.old, self.new), encoding="utf-8")


BREAKS: Final[dict[str, tuple[Patch, ...]]] = {
    # The terminal leaves syncing to the operating system: a cut must take acknowledged entries.
    "synchronous-off": (Patch("kiosk/ledger/store.py", '"synchronous": 2,', '"synchronous": 0,'),),
    # The centre judges what it has stored already as if it were new. Ingest and judging both look, and each alone
    # would save it.
    "duplicate-check-off": (
        Patch(
            "central/ingest.py",
            "        if new:\n",
            "        old = [item for item in items if item not in new]\n"
            "        if old:\n"
            "            self._judge(session, ledger, batch, self._opened(session, batch, old))\n"
            "        if new:\n",
        ),
        Patch(
            "central/judging.py",
            "if case is not None and _stage_is_judged(case, transaction.stage):",
            "if case is not None and transaction.stage is None:",
        ),
    ),
    # The uplink leaves an entry out; the centre refuses the gap, and nothing arrives any more.
    "skip-entry": (
        Patch(
            "kiosk/uplink/uplink.py",
            "                    entries.append(row)\n",
            "                    if row.sequence % 97:\n                        entries.append(row)\n",
        ),
    ),
}
