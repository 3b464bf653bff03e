"""The SUNSON XZ-F10/F31 dialect: which of its words do what. Profile: docs/wire-pin-pad.md."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from drivers.pin_pad.dialect import DamagedFrame, Dialect, Keys, KeySlot, Question, nothing
from drivers.pin_pad.sunson_wire import (
    ECHO,
    REPEATABLE,
    Command,
    EntryMode,
    Key,
    ReplyDecoder,
    Status,
    complaint,
    encode,
    entry_parameters,
)
from drivers.ports.pin_pad import PadIdentity

T = TypeVar("T")

_MASTER_SLOT: Final = 0
_HOLD_NOTHING: Final = frozenset({Command.VERSION, Command.RESET})
_SLOTS: Final = {KeySlot.WORKING: 0, KeySlot.TRIAL: 1}


def _question(command: Command, read: Callable[[bytes], T], data: bytes = b"") -> Question[T]:
    return Question(
        command.name,
        encode(command, data),
        Status.DONE,
        read,
        repeatable=command in REPEATABLE,
        holds_nothing=command in _HOLD_NOTHING,
    )


def _exactly(size: int) -> Callable[[bytes], bytes]:
    # An answer names no command: its size is what tells a late one apart.
    def read(data: bytes) -> bytes:
        if len(data) != size:
            raise DamagedFrame("wrong size")
        return data

    return read


def _identity(data: bytes) -> PadIdentity:
    if not data.isascii():
        raise DamagedFrame("its version is no text")
    version, _, serial = data.decode("ascii").partition(";")
    return PadIdentity(dialect="sunson", version=version, serial=serial)


def _plain_entry(length: int, timeout_s: float) -> Sequence[Question[None]]:
    return (_question(Command.START_PLAIN_ENTRY, nothing, entry_parameters(EntryMode.PLAIN, length, timeout_s)),)


def _encrypted_entry(account: str, length: int, timeout_s: float) -> Sequence[Question[None]]:
    return (
        # The reset after each entry has put the key out of use.
        _question(Command.ACTIVATE_KEY, nothing, bytes((_MASTER_SLOT, _SLOTS[KeySlot.WORKING]))),
        _question(Command.SET_ACCOUNT, nothing, account.encode("ascii")),
        _question(Command.SET_ECHO, nothing, bytes((ECHO,))),
        _question(Command.START_ENCRYPTED_ENTRY, nothing, entry_parameters(EntryMode.ENCRYPTED, length, timeout_s)),
    )


def _load_key(cipher: bytes, slot: KeySlot) -> Question[bytes]:
    return _question(Command.LOAD_WORKING_KEY, _exactly(4), bytes((_MASTER_SLOT, _SLOTS[slot])) + cipher)


SUNSON: Final = Dialect(
    name="sunson",
    keys=Keys(clear=Key.CLEAR, enter=Key.ENTER, cancel=Key.CANCEL, echo=ECHO),
    decoder=ReplyDecoder,
    complaint=complaint,
    timed_out=Status.TIMED_OUT,
    identity=_question(Command.VERSION, _identity),
    rest=_question(Command.RESET, nothing),
    plain_entry=_plain_entry,
    encrypted_entry=_encrypted_entry,
    pin_block=_question(Command.READ_PIN_BLOCK, _exactly(8)),
    load_key=_load_key,
)
