"""One uplink a ledger, one terminal a state directory: a lock that the kernel takes back however its holder dies."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process holds the lock."""


@contextlib.contextmanager
def alone(lock: Path, who: str = "uplink") -> Iterator[None]:
    """Hold ``lock`` for as long as the block runs.

    :param lock: a file, made when it is not there, or a directory, which can be locked on a full or read-only disk too.
    :param who: what the holder is called in the error.
    :raises AlreadyRunning: see there.
    :raises OSError: it can't be opened.
    """
    how = os.O_RDONLY if lock.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(lock, how | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"{lock} is held by another {who}") from error
        yield
    finally:
        os.close(descriptor)
