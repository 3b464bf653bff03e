"""What the service manager is told: that the process is up, how it stands, that it lives.

The protocol is sd_notify(3) of systemd: a datagram of ``NAME=value`` lines to the socket that ``NOTIFY_SOCKET`` names.
Written here because it is so small: of the libraries for it one was last touched in 2017, the others are compiled
against libsystemd.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final, Self

_log = logging.getLogger(__name__)

_SIGNS_IN_A_LIMIT: Final = 4
"""Signs of life in the time after which the watchdog bites; sd_watchdog_enabled(3) asks for two at least."""


class ServiceManager:
    """systemd, or nobody. Nothing here waits, and nothing that fails here ends the process.

    Only who does the work may call :meth:`alive`, and only after doing it: a thread of its own would go on saying that
    all is well beside a frozen window.
    """

    def __init__(
        self, address: str | None, *, watchdog_s: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        :param address: a path, or with a leading ``@`` a name without a file; None when nobody listens.
        :param watchdog_s: a silence of this length gets the process killed; None when nobody watches.
        """
        self._socket: socket.socket | None = None
        if address is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = watchdog_s / _SIGNS_IN_A_LIMIT if watchdog_s is not None else None
        self._clock = clock
        self._signed_at: float | None = None
        self._standing = ""
        self._unheard = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """The one that has started a process with this environment."""
        limit, watched = environment.get("WATCHDOG_USEC"), environment.get("WATCHDOG_PID")
        ours = watched is None or watched == str(os.getpid())
        watchdog_s = int(limit) / 1_000_000 if limit is not None and ours else None
        return cls(environment.get("NOTIFY_SOCKET") or None, watchdog_s=watchdog_s)

    def ready(self) -> None:
        """What waits for this process may start now."""
        self._tell("READY=1")

    def standing(self, words: str) -> None:
        """How it stands, for ``systemctl status``: one line, in which nobody is named. Told when it changes."""
        if words != self._standing:
            self._standing = words
            self._tell(f"STATUS={words}")

    def alive(self) -> None:
        """The work goes on. May be called as often as the work is done; the manager hears it often enough."""
        now = self._clock()
        if self._every_s is not None and (self._signed_at is None or now - self._signed_at >= self._every_s):
            self._signed_at = now
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The process is on its way out; nobody waits for signs of life any more."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, message: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError as error:  # a manager that starts itself anew; what is not heard here ends in its own time-outs
            if not self._unheard:
                _log.warning("the service manager does not hear: %s", error.strerror)
            self._unheard = True
        else:
            self._unheard = False
