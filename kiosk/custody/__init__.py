"""Where each blank card of a terminal is, from the hand-over by staff to citizen or bin. See docs/custody.md."""

from kiosk.custody.book import Remembered, StockBook
from kiosk.custody.stock import Blank, Level, Stock, StorageSizes, levels, obstacle

__all__ = ["Blank", "Level", "Remembered", "Stock", "StockBook", "StorageSizes", "levels", "obstacle"]
