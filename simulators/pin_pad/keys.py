"""What the pad keeps through a power cut: serial number and keys, in a JSON file that stands for its battery memory."""

import json
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

TEST_MASTER_KEY: Final = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
"""A key for tests only, known to everyone who reads this."""

_TEST_SERIAL: Final = "00000042"


def encrypt(key: bytes, octets: bytes) -> bytes:
    """Two-key 3DES, ECB.

    :param key: 16 bytes.
    :param octets: a multiple of eight bytes.
    """
    cipher = Cipher(_two_key(key), ECB()).encryptor()  # noqa: S305  ECB of one block is what the norm asks for
    return cipher.update(octets) + cipher.finalize()


def decrypt(key: bytes, octets: bytes) -> bytes:
    """The inverse of :func:`encrypt`."""
    cipher = Cipher(_two_key(key), ECB()).decryptor()  # noqa: S305  each half of a key is wrapped by itself
    return cipher.update(octets) + cipher.finalize()


def check_value(key: bytes) -> bytes:
    """First four bytes of eight zero bytes under the key."""
    return encrypt(key, bytes(8))[:4]


def _two_key(key: bytes) -> TripleDES:
    return TripleDES(key + key[:8])


class KeyStore:
    """Master and working keys by slot. With a state file every change is in it before the pad answers."""

    def __init__(self, state_file: Path | None, master_key: bytes | None) -> None:
        """
        :param state_file: read if it is there; None keeps nothing beyond the process.
        :param master_key: 16 bytes injected into slot 0 of a pad that has no state yet; None leaves it empty.
        """
        self._state_file = state_file
        self.serial = _TEST_SERIAL
        self._master: dict[int, bytes] = {}
        self._working: dict[int, bytes] = {}
        if state_file is not None and state_file.exists():
            state = json.loads(state_file.read_text("ascii"))
            self.serial = state["serial"]
            self._master = {int(slot): bytes.fromhex(key) for slot, key in state["master"].items()}
            self._working = {int(slot): bytes.fromhex(key) for slot, key in state["working"].items()}
        elif master_key is not None:
            self.set_master(0, master_key)

    def master(self, slot: int) -> bytes | None:
        """The master key in a slot."""
        return self._master.get(slot)

    def working(self, slot: int) -> bytes | None:
        """The working key in a slot, in clear."""
        return self._working.get(slot)

    def set_master(self, slot: int, key: bytes) -> None:
        """Store a master key."""
        self._master[slot] = key
        self._save()

    def set_working(self, slot: int, key: bytes) -> None:
        """Store a working key."""
        self._working[slot] = key
        self._save()

    def wipe(self) -> None:
        """Forget every key."""
        self._master.clear()
        self._working.clear()
        self._save()

    def _save(self) -> None:
        if self._state_file is None:
            return
        state = {
            "serial": self.serial,
            "master": {str(slot): key.hex() for slot, key in self._master.items()},
            "working": {str(slot): key.hex() for slot, key in self._working.items()},
        }
        fresh = self._state_file.with_name(self._state_file.name + ".new")
        fresh.write_text(json.dumps(state, indent=1), "ascii")
        os.replace(fresh, self._state_file)  # noqa: PTH105  the name of the system call says that it is atomic
