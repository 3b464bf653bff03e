"""Bytes read as decisions, so that an engine that knows only bytes can steer a case of any shape."""

import base64
import copy
from collections.abc import Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")

# Texts and numbers that databases, codecs and columns stumble over.
AWKWARD_TEXTS: Final = (
    "", "\0", "a\0b", "\ud7ff", "💳", "𬱖", "'; DROP TABLE entries; --", "A" * 5000, "../..", "%00", "NaN", "0" * 32,
)  # fmt: skip
AWKWARD_NUMBERS: Final = (-1, 0, 1, 255, 256, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64, 10**40, -(2**63) - 1)


class Decisions:
    """Reads from the front; past the end every decision is the first choice, so each case ends."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def over(self) -> bool:
        """Whether nothing is left to read."""
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        """The next bytes, at most ``count``."""
        taken = self._data[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self._data))

    def number(self, below: int) -> int:
        """A number from 0 up to ``below`` - 1, at most 65535."""
        size = 1 if below <= 256 else 2
        return int.from_bytes(self.take(size), "big") % below

    def chance(self, one_in: int) -> bool:
        """True about once in ``one_in`` times; False past the end."""
        return self.number(one_in) == one_in - 1

    def choice(self, among: Sequence[T]) -> T:
        """One of them; the first past the end."""
        return among[self.number(len(among))]

    def chunk(self) -> bytes:
        """A length of one byte and that many bytes."""
        return self.take(self.number(256))

    def text(self) -> str:
        """An awkward text, or one of the engine's own."""
        if self.chance(2):
            return self.choice(AWKWARD_TEXTS)
        return self.chunk().decode("utf-8", errors="replace")

    def integer(self) -> int:
        """An awkward number, or one of the engine's own."""
        if self.chance(2):
            return int.from_bytes(self.take(self.number(12)), "big", signed=True)
        return self.choice(AWKWARD_NUMBERS)

    def json(self, depth: int = 3) -> Any:
        """Any value that JSON can hold."""
        kind = self.number(8 if depth else 6)
        match kind:
            case 0:
                return None
            case 1:
                return self.chance(2)
            case 2:
                return self.integer()
            case 3:
                return self.text()
            case 4:
                return self.integer() / 7
            case 5:
                return base64.b64encode(self.chunk()).decode()
            case 6:
                return [self.json(depth - 1) for _ in range(self.number(4))]
            case _:
                return {self.text(): self.json(depth - 1) for _ in range(self.number(4))}


def twisted(tree: Any, decisions: Decisions) -> Any:
    """A copy of a JSON tree with one place replaced, taken out, doubled, or given another's value."""
    made = copy.deepcopy({"root": tree})
    places = _places(made)
    holder, key = decisions.choice(places)
    match decisions.number(6):
        case 0:
            holder[key] = decisions.json()
        case 1 if holder is not made:
            del holder[key]
        case 2:
            other_holder, other_key = decisions.choice(places)
            holder[key] = copy.deepcopy(other_holder[other_key])
        case 3:
            holder[key] = [holder[key], holder[key]]
        case 4 if isinstance(holder, dict) and holder is not made:
            holder[decisions.text()] = decisions.json()
        case _:
            holder[key] = _bent(holder[key], decisions)
    return made["root"]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        found.append((tree, key))
        found += _places(tree[key])
    return found


def _bent(value: Any, decisions: Decisions) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + decisions.choice((1, -1, 2**32, -(2**32), 2**63))
        case str() if value:
            place = decisions.number(min(len(value), 65535))
            return value[:place] + decisions.choice(("", "\0", "A", "é", "=")) + value[place + 1 :]
        case _:
            return decisions.json()
