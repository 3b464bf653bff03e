"""Which characters have a sound or begin with these strokes, the likeliest in a name first (docs/names.md)."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

STROKES: Final = {"h": "横", "s": "竖", "p": "撇", "n": "点", "z": "折"}
"""The five strokes by their letter in the table; ``n`` is 捺 as well."""
_MOST: Final = 240
"""Characters offered at once; nobody turns more pages, another stroke is quicker."""


class TablesMissing(Exception):
    """The tables have not been built."""


class NameTables:
    """The two tables of one folder, read when they are first asked.

    :param drawable: whether a font has the character; what can't be seen is never offered.
    :raises TablesMissing: the folder lacks a table.
    """

    def __init__(self, directory: Path, drawable: Callable[[str], bool]) -> None:
        self._sounds_file, self._strokes_file = directory / "pinyin.txt", directory / "strokes.txt"
        self._drawable = drawable
        for file in (self._sounds_file, self._strokes_file):
            if not file.is_file():
                raise TablesMissing(f"{file} is missing; make it with: python deploy/build_name_input.py strokes")
        self.by_strokes = lru_cache(maxsize=32)(self._by_strokes)  # a page turned asks for the same again

    @cached_property
    def _sounds_text(self) -> str:
        return self._sounds_file.read_text(encoding="utf-8")

    @cached_property
    def _sounds(self) -> dict[str, tuple[str, str]]:
        """Surnames and all characters of each syllable, the likeliest syllables first."""
        lines = (line.split("\t") for line in self._sounds_text.splitlines()[2:])
        return {syllable: (surnames, chars) for syllable, surnames, chars in lines}

    @cached_property
    def _ranks(self) -> tuple[dict[str, int], dict[str, int]]:
        """The place of each surname, and of each character that is known to stand in names, among all syllables'."""
        _, surnames, known = self._sounds_text.split("\n", 2)[1].split("\t")
        return {char: at for at, char in enumerate(surnames)}, {char: at for at, char in enumerate(known)}

    @cached_property
    def _strokes(self) -> bytes:
        return self._strokes_file.read_bytes()

    def first_syllable(self, letters: str) -> str:
        """The letters that are read as the first character: a whole syllable if what follows can be syllables too."""
        for end in range(min(len(letters), 6), 0, -1):
            if letters[:end] in self._sounds and self._can_follow(letters[end:]):
                return letters[:end]
        return letters

    def _can_follow(self, letters: str) -> bool:
        return (
            not letters
            or any(syllable.startswith(letters) for syllable in self._sounds)
            or any(letters[:end] in self._sounds and self._can_follow(letters[end:]) for end in range(1, 7))
        )

    def by_sound(self, letters: str, *, surname: bool) -> tuple[str, ...]:
        """Characters read as ``letters``, or beginning so where they are no whole syllable.

        :param surname: the character stands first in the name: surnames go before others.
        """
        if not letters:
            return ()
        if letters in self._sounds:
            surnames, chars = self._sounds[letters]
            return self._offered(surnames + chars if surname else chars)
        begun = [chars for syllable, chars in self._sounds.items() if syllable.startswith(letters)]
        ranks_of_surnames, ranks = self._ranks
        families = sorted("".join(chars[0] for chars in begun), key=ranks_of_surnames.__getitem__) if surname else []
        given = sorted("".join(chars[1] for chars in begun), key=lambda char: ranks.get(char, len(ranks)))
        return self._offered(chain(families, given))

    def _by_strokes(self, strokes: str) -> tuple[str, ...]:
        """Characters that are written so, then those that begin so."""
        if not strokes:
            return ()
        return self._offered(chain(self._lines(f"{strokes}\t"), self._lines(strokes)))

    def _lines(self, start: str) -> Iterator[str]:
        """Characters of the lines that start so. Searching 2 MB takes 2 ms; a dictionary of them would take 20 MB."""
        table, wanted = self._strokes, b"\n" + start.encode()
        at = table.find(wanted)
        while at >= 0:
            end = table.index(b"\n", at + 1)
            yield table[table.index(b"\t", at) + 1 : end].decode()
            at = table.find(wanted, end)

    def _offered(self, chars: Iterable[str]) -> tuple[str, ...]:
        offered: dict[str, None] = {}
        for char in chars:
            if char not in offered and self._drawable(char):
                offered[char] = None
                if len(offered) == _MOST:
                    break
        return tuple(offered)
