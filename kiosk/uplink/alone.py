"""One uplink a ledger: a lock that the kernel takes back when its holder dies, however it dies."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class AlreadyRunning(Exception):
    """Another uplink holds the lock."""


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold ``lock`` for as long as the block runs.

    :raises AlreadyRunning: see there.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"{lock} is held by another uplink") from error
        yield
    finally:
        os.close(descriptor)
