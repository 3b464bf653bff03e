"""What can go wrong inside the card printer or on its line, ordered beforehand by a test, a campaign or a bench."""

from enum import Enum

from simulators.ordered_faults import OrderedFaults


class CardPrinterFault(Enum):
    """How a command goes wrong. Which one it is at is named by its letters: ``Sis``, ``Se``, ``Ser``."""

    JAM = "jam"
    """The card stops half way and moves no more, until somebody has cleared it or a motor is tried again in vain."""
    TWO_FED = "two_fed"
    """Two blanks leave the hopper at once."""
    RIBBON_ENDS = "ribbon_ends"
    """The ribbon is used up in the middle of a face."""
    DEAD_CHIP = "dead_chip"
    """The chip of the blank that is fed answers nothing, now and for ever."""
    LOST_ANSWER = "lost_answer"
    """The command is done and its answer never comes."""
    LATE_ANSWER = "late_answer"
    """The command is done and its answer comes when nobody waits any more."""
    GARBAGE = "garbage"
    """The command is done and its answer is no word at all."""
    DEAF = "deaf"
    """The command is not heard."""
    CUT_BEFORE = "cut_before"
    """The power goes as the command comes in; nothing of it is done."""
    CUT_AMID = "cut_amid"
    """The power goes while the card moves or is printed on."""
    CUT_AFTER = "cut_after"
    """The power goes when all is done and nothing is answered."""


class CardPrinterFaults(OrderedFaults[CardPrinterFault]):
    """Faults waiting for their moment."""

    kinds = CardPrinterFault

    def only_at(self, kind: CardPrinterFault) -> str | None:
        """Feeding and printing have faults of their own."""
        match kind:
            case CardPrinterFault.TWO_FED | CardPrinterFault.DEAD_CHIP:
                return "Sis"
            case CardPrinterFault.RIBBON_ENDS:
                return "Se"
            case _:
                return None
