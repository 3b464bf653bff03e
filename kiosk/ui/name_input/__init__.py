"""Typing a Chinese name by sound, by strokes or in letters. Knows nothing of the screen."""

from kiosk.ui.name_input.draft import NAME_BYTES, SHAPES, NameDraft, Way
from kiosk.ui.name_input.tables import STROKES, NameTables, TablesMissing

__all__ = ["NAME_BYTES", "SHAPES", "STROKES", "NameDraft", "NameTables", "TablesMissing", "Way"]
