"""The PIN in clear, which exists in one place only: a wiped, locked page.

A :class:`Pin` is filled digit by digit by the PIN-pad driver and read by the card driver,
which takes its BCD form straight into the command buffer. Everyone in between learns its length,
whether it equals another one, and whether it is weak.
"""

import ctypes
import mmap
from enum import Enum
from typing import Final, NoReturn, Self

# <asm-generic/mman-common.h>; Python's mmap has a name for the first only
_MADV_DONTDUMP: Final = 16
_MADV_WIPEONFORK: Final = 18
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Weakness(Enum):
    """Why a PIN is easy to guess."""

    REPEATED = "repeated"
    """One digit throughout: 000000."""
    RUN = "run"
    """Digits one after the other, up or down, wrapping at 9/0: 123456, 987654, 890123."""


class LockedPage:
    """Anonymous memory that is neither swapped, nor written to a core file, nor seen by a forked child.

    It is zeroed when the last reference goes. Copying and pickling are refused.

    :raises OSError: the kernel refused to lock the page (RLIMIT_MEMLOCK).
    """

    __slots__ = ("_address", "_map", "view")

    def __init__(self, size: int = mmap.PAGESIZE) -> None:
        self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        if _libc.mlock(ctypes.c_void_p(self._address), ctypes.c_size_t(size)) != 0:
            errno = ctypes.get_errno()
            raise OSError(errno, "mlock refused: the terminal may not keep a PIN in memory")
        self._map.madvise(_MADV_DONTDUMP)
        self._map.madvise(_MADV_WIPEONFORK)  # a child's copy would outlive the wipe, and locks are not inherited
        self.view = memoryview(self._map)

    @property
    def address(self) -> int:
        """Where the page starts, for a C call that reads it in place."""
        return self._address

    def wipe(self) -> None:
        """Zero the whole page."""
        ctypes.memset(self._address, 0, len(self._map))

    def __del__(self) -> None:
        if hasattr(self, "_address"):
            self.wipe()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a locked page can't be pickled or copied")


class Pin:
    """Digits that can be counted, compared and judged, but not seen.

    ``repr``, ``str``, pickling and copying tell nothing. :meth:`wipe` zeroes the page; a wiped PIN has length 0.
    """

    __slots__ = ("_capacity", "_length", "_page")

    def __init__(self, capacity: int = 12) -> None:
        """:param capacity: most digits accepted; ISO 9564 allows 4 to 12."""
        self._page = LockedPage()
        self._capacity = capacity
        self._length = 0

    def append(self, digit: int) -> None:
        """Add one digit.

        :param digit: its ASCII code, 0x30 to 0x39.
        :raises ValueError: not a digit, or the PIN is full.
        """
        if not 0x30 <= digit <= 0x39:
            raise ValueError("not a digit key")
        if self._length >= self._capacity:
            raise ValueError("the PIN is full")
        self._page.view[self._length] = digit
        self._length += 1

    def clear(self) -> None:
        """Forget the digits typed so far; the PIN can be filled again."""
        self._page.wipe()
        self._length = 0

    def wipe(self) -> None:
        """Zero the memory. Harmless when done twice."""
        self.clear()

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return True  # an empty PIN is still a handle: truth must not depend on the length

    def equals(self, other: "Pin") -> bool:
        """Whether both hold the same digits; the time taken does not depend on where they differ."""
        difference = self._length ^ other._length
        for index in range(max(self._capacity, other._capacity)):
            difference |= self._page.view[index] ^ other._page.view[index]
        return difference == 0

    def equals_digits(self, digits: str) -> bool:
        """Whether this is a publicly known PIN, such as a region's initial one."""
        difference = self._length ^ len(digits)
        for index, character in enumerate(digits):
            difference |= self._page.view[index] ^ ord(character)
        return difference == 0

    def weakness(self) -> Weakness | None:
        """Why the PIN is easy to guess, or None. Repeats and runs after docs/ux-rules.md rule 10."""
        if self._length < 2:
            return None
        view = self._page.view
        steps = {(view[i + 1] - view[i]) % 10 for i in range(self._length - 1)}
        if steps == {0}:
            return Weakness.REPEATED
        if steps in ({1}, {9}):
            return Weakness.RUN
        return None

    def write_bcd(self, target: memoryview) -> int:
        """Write the PIN as packed BCD, an odd last digit padded with F, and return the bytes written.

        :param target: a view of locked memory of the card driver; never an ordinary buffer.
        """
        view = self._page.view
        size = (self._length + 1) // 2
        for index in range(size):
            high = view[2 * index] & 0x0F
            low = view[2 * index + 1] & 0x0F if 2 * index + 1 < self._length else 0x0F
            target[index] = high << 4 | low
        return size

    def write_padded(self, target: memoryview, size: int) -> int:
        """Write the PIN as ASCII digits filled with FF to ``size`` bytes, and return ``size``.

        :param target: see :meth:`write_bcd`.
        :raises ValueError: it is longer.
        """
        if self._length > size:
            raise ValueError("the PIN is longer than its field")
        for index in range(size):
            target[index] = self._page.view[index] if index < self._length else 0xFF
        return size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "<Pin>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a PIN can't be pickled or copied")
