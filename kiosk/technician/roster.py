"""The terminal's own copy of the roster: taken in by its signature, never an older one, sealed with the storage key."""

import hmac
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.configuration import Configuration
from kiosk.credentials import read_centre_keys, read_storage_key, read_terminal_key
from kiosk.policy.rule import Text
from kiosk.records.roster import Roster, Technician, secret_purpose
from kiosk.records.sealing import Unreadable, open_from_centre
from kiosk.records.upload import Malformed, decode

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 2 * 1024 * 1024
"""Far above the longest roster: a stick may hold anything."""
_PURPOSE: Final = b"ssct-roster-kept-1"
_NONCE_SIZE: Final = 12  # SP 800-38D


class RosterFault(Enum):
    """Why a roster is not taken."""

    MALFORMED = "malformed"
    NOT_GENUINE = "not_genuine"
    ANOTHER_TERMINAL = "another_terminal"
    OLDER = "older"


_FAULTS: Final = {
    RosterFault.MALFORMED: Text(zh="这不是维护人员名单", en="this is no roster"),
    RosterFault.NOT_GENUINE: Text(zh="名单不是中心签的，或被改过", en="the centre did not sign it, or it was changed"),
    RosterFault.ANOTHER_TERMINAL: Text(zh="这是别的终端的名单", en="it is another terminal's"),
    RosterFault.OLDER: Text(zh="终端里的名单更新：请中心重新导出", en="the terminal has a newer one: export it anew"),
}


class RosterRefused(Exception):
    """A roster that is not taken; the terminal's own stands as it was."""

    def __init__(self, fault: RosterFault) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def words(self) -> Text:
        """For a technician."""
        return _FAULTS[self.fault]


class NoRoster(Exception):
    """The terminal has none, or none that it can open: nobody can be told from a stranger."""


@dataclass(frozen=True, slots=True)
class RosterKeeper:
    """Keeps one terminal's roster."""

    kept: Path
    arrived: Path
    """Where the uplink lays down what it fetched."""
    terminal: str
    storage_key: bytes = field(repr=False)
    terminal_key: Ed25519PrivateKey = field(repr=False)
    centre_keys: Mapping[str, Ed25519PublicKey]

    @classmethod
    def of(cls, configuration: Configuration) -> "RosterKeeper":
        """The keeper of this terminal.

        :raises ConfigurationError: a key is not there.
        """
        return cls(
            kept=configuration.roster_path,
            arrived=configuration.arrived_roster_path,
            terminal=configuration.terminal.id,
            storage_key=read_storage_key(configuration),
            terminal_key=read_terminal_key(configuration),
            centre_keys=read_centre_keys(configuration).signing(),
        )

    def roster(self) -> Roster:
        """The roster as it stands, with what has arrived since taken in.

        :raises NoRoster: see there.
        """
        self._take_arrived()
        try:
            roster = self._checked(self._opened())
        except (OSError, InvalidTag, RosterRefused) as error:
            raise NoRoster(f"no roster can be opened: {type(error).__name__}") from error
        return roster

    def looked_at(self) -> Roster | None:
        """The roster that somebody would be judged by now, and nothing taken in; None where there is none.

        :raises NoRoster: what is kept can't be opened, and nothing has arrived that would take its place.
        :raises PermissionError: it is not this user's to read.
        """
        found: list[Roster] = []
        fault: Exception | None = None
        for read in (self._opened, self.arrived.read_bytes):
            try:
                found.append(self._checked(read()))
            except FileNotFoundError:
                continue
            except PermissionError:
                raise
            except (OSError, InvalidTag, RosterRefused) as error:
                fault = fault or error
        if fault is not None and not found:
            raise NoRoster(f"no roster can be opened: {type(fault).__name__}") from fault
        return max(found, key=lambda one: one.number, default=None)

    def take(self, data: bytes) -> Roster:
        """Take in a roster, wherever it came from; the one that stands from now on.

        :param data: as ``python -m central technician roster`` writes it.
        :raises RosterRefused: see there.
        :raises OSError: the disk takes no file.
        """
        roster = self._checked(data)
        own = self._own()
        if own is not None and roster.number < own.number:
            raise RosterRefused(RosterFault.OLDER)
        if own is None or roster.number > own.number:
            self._keep(data)
            _log.info("roster %d of %d technicians is taken in", roster.number, len(roster.technicians))
        return roster

    def secret(self, technician: Technician) -> bytes:
        """The secret of somebody's codes, base32.

        :raises Unreadable: there is none, or not for this terminal.
        """
        if not technician.sealed_secret:
            raise Unreadable("no secret")
        purpose = secret_purpose(self.terminal, technician.staff)
        return open_from_centre(technician.sealed_secret, purpose, self.terminal_key)

    def _own(self) -> Roster | None:
        try:
            return self._checked(self._opened())
        except (OSError, InvalidTag, RosterRefused):
            return None

    def _take_arrived(self) -> None:
        try:
            data = self.arrived.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("the roster that arrived can't be read: %s", error.strerror)
            return
        try:
            self.take(data)
            self.arrived.unlink()
        except RosterRefused as refused:
            _log.warning("the roster that arrived is not taken: %s", refused)
            self.arrived.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("the roster that arrived can't be kept: %s", error.strerror)

    def _checked(self, data: bytes) -> Roster:
        if len(data) > MOST_BYTES:
            raise RosterRefused(RosterFault.MALFORMED)
        try:
            roster = decode(data, Roster)
        except Malformed as error:
            raise RosterRefused(RosterFault.MALFORMED) from error
        key = self.centre_keys.get(roster.key_id)
        if key is None or not roster.is_genuine(key):
            raise RosterRefused(RosterFault.NOT_GENUINE)
        if roster.terminal != self.terminal:
            raise RosterRefused(RosterFault.ANOTHER_TERMINAL)
        return roster

    def _opened(self) -> bytes:
        sealed = self.kept.read_bytes()
        if len(sealed) < _NONCE_SIZE:
            raise InvalidTag
        return self._cipher().decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], self._place())

    def _keep(self, data: bytes) -> None:
        nonce = os.urandom(_NONCE_SIZE)
        fresh = self.kept.with_name(f"{self.kept.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(nonce + self._cipher().encrypt(nonce, data, self._place()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.kept)

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.storage_key, _PURPOSE, "sha256"))

    def _place(self) -> bytes:
        return _PURPOSE + self.terminal.encode()
