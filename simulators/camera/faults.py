"""What can go wrong in a stream of pictures, ordered beforehand by a test or a bench."""

from enum import Enum


class StreamFault(Enum):
    """How a part of the stream is spoilt."""

    TORN = "torn"
    """The picture breaks off in the middle, and the next part follows."""
    GARBAGE = "garbage"
    """The part holds bytes that are no picture."""
    EMPTY = "empty"
    """The part holds nothing."""
    NO_BOUNDARY = "no_boundary"
    """Bytes stand between the parts that belong to none."""
    BROKEN_OFF = "broken_off"
    """The line breaks in the middle of a picture."""


class StreamFaults:
    """Faults waiting for their part."""

    def __init__(self) -> None:
        self._orders: list[StreamFault] = []

    def fail_next(self, kind: StreamFault | str, *, times: int = 1) -> None:
        """Spoil the next parts.

        :param kind: a fault or its name.
        :param times: how many in a row.
        :raises ValueError: no such fault.
        """
        self._orders += [StreamFault(kind)] * times

    def clear(self) -> None:
        """Nothing fails any more."""
        self._orders.clear()

    def take(self) -> StreamFault | None:
        """The fault that this part meets, used up."""
        return self._orders.pop(0) if self._orders else None
