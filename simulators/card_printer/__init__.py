"""A card printer that needs no hardware: docs/wire-card-printer.md. Its folder shows where each card is."""

from simulators.card_printer.body import Tally, histories, tally
from simulators.card_printer.faults import CardPrinterFault
from simulators.card_printer.simulator import CardPrinterSimulator

__all__ = ["CardPrinterFault", "CardPrinterSimulator", "Tally", "histories", "tally"]
