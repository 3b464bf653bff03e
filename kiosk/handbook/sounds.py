"""Whether letters can be read as Chinese characters: initials, whole syllables, or anything between."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

Readings = Mapping[str, tuple[str, ...]]
"""The syllables of each character, all of them: 行 is hang and xing, and a citizen may mean either."""

_HEAD: Final = 2
"""Lines of the table before its syllables (docs/names.md)."""


def load_readings(table: Path, characters: set[str]) -> Readings:
    """The readings of ``characters`` from the table that names are typed with, ``assets/input/pinyin.txt``.

    :raises OSError: it can't be read.
    """
    found: dict[str, list[str]] = {}
    for line in table.read_text(encoding="utf-8").splitlines()[_HEAD:]:
        syllable, surnames, others = line.split("\t")
        for char in characters.intersection(surnames + others):
            found.setdefault(char, []).append(syllable)
    return {char: tuple(syllables) for char, syllables in found.items()}


def sounds_like(letters: str, text: str, readings: Readings) -> int:
    """How many characters at the beginning of ``text`` the letters spell, each by the beginning of a syllable.

    ``gs``, ``gshi`` and ``guashi`` spell the two characters of 挂失. Where more than one count can be read, as
    in ``zh`` for 重号, the greatest; 0 where they don't spell it.
    """
    if not any(syllable[0] == letters[:1] for syllable in readings.get(text[:1], ())):
        return 0
    # How many letters can have been used up after each character: several ways may lead on.
    used, spelt = {0}, 0
    for number, char in enumerate(text, 1):
        used = {
            at + length
            for at in used
            for syllable in readings.get(char, ())
            for length in range(1, len(syllable) + 1)
            if letters.startswith(syllable[:length], at)
        }
        if len(letters) in used:
            spelt = number
        if not used:
            break
    return spelt
