"""What listens: every process that can be looked into, with the addresses that it takes calls at.

It needs nothing but the standard library, so that it runs in a machine that has no more.
"""

import ipaddress
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LISTENS: Final = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07", "raw": "07", "raw6": "07"}
"""The state (<net/tcp_states.h>) in which a socket of each kind hears whoever calls; 07 is one without a peer."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket that hears calls."""

    pid: int
    program: str
    kind: str
    address: str
    """IPv4 or IPv6; empty for packets that bear none."""
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether nobody outside the machine can reach it."""
        return bool(self.address) and ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"{self.pid} {self.program} {self.kind} {self.address} {self.port}"


def listeners(processes: "list[int] | None" = None) -> list[Listener]:
    """What these processes listen at, or all that can be looked into.

    A process that ends meanwhile, or is another's, has none.
    """
    if processes is None:
        processes = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    found = []
    for pid in processes:
        try:
            inodes = set(_sockets_of(pid))
            program = Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
            found += [
                Listener(pid, program, kind, address, port)
                for kind, address, port, inode in _calls_heard(pid)
                if inode in inodes
            ]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def _sockets_of(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if match := re.fullmatch(r"socket:\[(\d+)\]", target):
            yield match[1]


def _calls_heard(pid: int) -> Iterator[tuple[str, str, int, str]]:
    """Kind, address, port and inode of all in this process's network (proc(5))."""
    for kind, state in _LISTENS.items():
        for line in Path(f"/proc/{pid}/net/{kind}").read_text("ascii").splitlines()[1:]:
            words = line.split()
            if words[3] == state:
                address, _, port = words[1].partition(":")
                yield kind, _address(address), int(port, 16), words[9]
    for line in Path(f"/proc/{pid}/net/packet").read_text("ascii").splitlines()[1:]:
        yield "packet", "", 0, line.split()[8]


def _address(text: str) -> str:
    """The kernel prints words of four octets in this machine's order."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return str(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words)))
