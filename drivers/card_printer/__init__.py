"""Card printers that are told by an escape stream: docs/wire-card-printer.md."""

from drivers.card_printer.escape import EscapeCardPrinter

__all__ = ["EscapeCardPrinter"]
