"""Folders for what is written often and outlives nothing: in memory where there is room.

A commit that is synced takes a disk between three and twenty milliseconds. That the ledger does sync is held by tests
of its own (``test_power_cut_while_writing``); the rest cut no power, as with PostgreSQL (tests/postgres.py).
"""

import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 512 * 1024 * 1024


def quick_folder(prefix: str) -> Path:
    """A new private folder; whoever asks for it removes it."""
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if in_memory else None))
