"""The card reader on PC/SC, and the social-security card in it."""

from drivers.card_reader.reader import PcscCardReader

__all__ = ["PcscCardReader"]
