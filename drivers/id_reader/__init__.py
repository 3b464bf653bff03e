"""Readers of resident identity cards with a SAM on a serial line: docs/wire-id-reader.md."""

from drivers.id_reader.serial_reader import SerialIdReader

__all__ = ["SerialIdReader"]
