"""The SZZT ZT588 dialect: which of its words do what. Profile: docs/wire-pin-pad.md."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from drivers.pin_pad import szzt_wire as wire
from drivers.pin_pad.dialect import DamagedFrame, Dialect, Keys, KeySlot, Question, nothing, whole_seconds
from drivers.ports.pin_pad import PadIdentity

T = TypeVar("T")

_HOLD_NOTHING: Final = frozenset({wire.STATUS, wire.DISABLE_KEYS})
"""Without parameters: with them the first of these writes."""
_MASTER_KEY: Final = 0x00
_KEYS: Final = {KeySlot.WORKING: 0x40, KeySlot.TRIAL: 0x48}
"""PIN keys of the pad's first and second key set."""
_PIN_KEY: Final = "3"
_SIXTEEN_BYTES: Final = "2"
_FORMAT_3: Final = "#"
_ENDS_BY_ENTER: Final = "0"


def _question(
    name: str, command: str, read: Callable[[bytes], T], parameters: str = "", *, repeatable: bool
) -> Question[T]:
    shown = command in _HOLD_NOTHING and not parameters
    return Question(name, wire.encode(command + parameters), wire.done(command), read, repeatable, shown)


def _octets(data: bytes, size: int) -> bytes:
    if len(data) != 2 * size:
        raise DamagedFrame("wrong size")
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError as damage:
        raise DamagedFrame("not hex characters") from damage


def _identity(data: bytes) -> PadIdentity:
    if len(data) != wire.MOST_TEXT - 1 or not data.isascii():
        raise DamagedFrame("wrong size")
    status = data.decode("ascii")
    model, hardware, software = status[126:132].strip(), status[132:135], status[135:138]
    # A pad's number has four digits only and starts anew; its date of production, four more, comes before it.
    return PadIdentity(dialect="szzt", version=f"{model} {hardware}-{software}", serial=status[138:146])


def _pin_block(data: bytes) -> bytes:
    # Two digits of track and two of length come first.
    if not data[:4].isdigit():
        raise DamagedFrame("no PIN block")
    return _octets(data[4:], 8)


def _time_limit(timeout_s: float) -> Question[None]:
    seconds = f"{whole_seconds(timeout_s):02X}"
    return _question("SET_TIME_LIMIT", wire.SET_TIME_LIMIT, nothing, seconds, repeatable=True)


def _plain_entry(_length: int, timeout_s: float) -> Sequence[Question[None]]:
    # The pad sends keys until it is told to stop: how many digits are wanted is the driver's business alone.
    return (
        _time_limit(timeout_s),
        _question("ENABLE_KEYS", wire.ENABLE_KEYS, nothing, repeatable=False),
    )


def _encrypted_entry(account: str, length: int, timeout_s: float) -> Sequence[Question[None]]:
    start = f"{_KEYS[KeySlot.WORKING]:02X}{_FORMAT_3}{_ENDS_BY_ENTER}{length:02d}{account}"
    return (
        _time_limit(timeout_s),
        _question("SET_ECHO", wire.SET_ECHO, nothing, f"{wire.ECHO:02X}", repeatable=True),
        _question("START_ENCRYPTED_ENTRY", wire.START_ENCRYPTED_ENTRY, nothing, start, repeatable=False),
    )


def _load_key(cipher: bytes, slot: KeySlot) -> Question[bytes]:
    key = f"{_MASTER_KEY:02X}{_KEYS[slot]:02X}{_PIN_KEY}{_SIXTEEN_BYTES}{cipher.hex().upper()}"
    return _question("LOAD_WORKING_KEY", wire.LOAD_WORKING_KEY, lambda data: _octets(data, 4), key, repeatable=False)


SZZT: Final = Dialect(
    name="szzt",
    keys=Keys(
        clear=wire.CLEAR,
        enter=wire.ENTER,
        cancel=wire.CANCEL,
        echo=wire.ECHO,
        idle=wire.IDLE_KEYS,
        gave_up=wire.GAVE_UP,
    ),
    decoder=wire.ReplyDecoder,
    complaint=wire.complaint,
    timed_out=wire.TIMED_OUT,
    identity=_question("STATUS", wire.STATUS, _identity, repeatable=True),
    rest=_question("DISABLE_KEYS", wire.DISABLE_KEYS, nothing, repeatable=True),
    plain_entry=_plain_entry,
    encrypted_entry=_encrypted_entry,
    pin_block=_question("READ_PIN_BLOCK", wire.READ_PIN_BLOCK, _pin_block, repeatable=False),
    load_key=_load_key,
)
