"""Folders whose files cost no disk: thousands of cases a second write there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SHARED_MEMORY: Final = Path("/dev/shm")  # folders of our own below it


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder for as long as the block runs; ``TMPDIR`` says where else it shall be."""
    in_memory = "TMPDIR" not in os.environ and os.access(_SHARED_MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_SHARED_MEMORY if in_memory else None) as folder:
        yield Path(folder)
