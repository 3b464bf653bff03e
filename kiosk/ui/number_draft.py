"""An identity number while it is being typed."""

from dataclasses import dataclass, field
from typing import Final

_LAST_ONLY: Final = "X"
"""GB 11643: the check character, and nothing but the last one, may be an X."""


@dataclass(slots=True)
class NumberDraft:
    """The characters typed so far. Its repr tells none of them."""

    length: int
    text: str = field(default="", repr=False)

    @property
    def missing(self) -> int:
        """Characters still to come."""
        return self.length - len(self.text)

    def takes(self, key: str) -> bool:
        """Whether ``key`` can stand next."""
        return self.missing == 1 or (self.missing > 0 and key != _LAST_ONLY)

    def press(self, key: str) -> None:
        """Add a key that can stand next; another changes nothing."""
        if self.takes(key):
            self.text += key

    def delete(self) -> None:
        """Take the last character back."""
        self.text = self.text[:-1]

    def clear(self) -> None:
        """Begin anew."""
        self.text = ""


def groups(length: int) -> tuple[int, ...]:
    """How a number is read in parts: an ID number's place, year, day and rest, a mobile number's, others by fours."""
    if length == 18:
        return (6, 4, 4, 4)
    if length == 11:
        return (3, 4, 4)
    return tuple(min(4, length - at) for at in range(0, length, 4))
