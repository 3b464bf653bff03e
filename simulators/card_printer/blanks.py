"""Whoever delivers blanks to a simulated printer."""

from collections.abc import Sequence
from pathlib import Path

from simulators.card.card_file import BankAccount, CardFile, CardPin
from simulators.card.personalise import blank_card


class BlankMaker:
    """Blanks for one printer, numbered on from those that were ever in it."""

    def __init__(
        self, folder: Path, region: str, norm_version: str, pin: str | None, bank: str, first: int = 0x10001
    ) -> None:
        """
        :param folder: the printer's; blanks are numbered on from what lies there.
        :param first: the number of its first blank. No two printers have the same.
        """
        self.folder = folder
        self._first = first
        self._region = region
        self._norm_version = norm_version
        self._pin = None if pin is None else CardPin(digits=pin, tries_left=6, tries_allowed=6)
        self._bank = bank

    def make(self, count: int, weak_cell: str | None = None) -> Sequence[CardFile]:
        """So many blanks that were never here.

        :param weak_cell: the record that their chips will not hold, such as ``EF06:09``.
        """
        first = self._first + len(list((self.folder / "cards").glob("*.json")))
        return [
            blank_card(
                about="A blank for instant issue.",
                region=self._region,
                number=number,
                norm_version=self._norm_version,
                pin=self._pin,
                bank=BankAccount(bank=self._bank, account_ends=f"{number % 10_000:04}"),
                weak_cell=weak_cell,
            )
            for number in range(first, first + count)
        ]
