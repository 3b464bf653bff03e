"""Finds the articles that a citizen's few letters or words mean; the likeliest first, always in the same order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from kiosk.handbook.articles import Article, HandbookError
from kiosk.handbook.sounds import Readings, sounds_like
from kiosk.policy.document import load_document
from kiosk.policy.form import Fault
from kiosk.policy.rule import Words

_WORD: Final = 8
"""It is one of the article's own words."""
_TITLE: Final = 6
_IN_WORD: Final = 4
_ANSWER: Final = 2
_ELSEWHERE: Final = 1
_SYNONYM: Final = 0.5
"""What another word for it is worth of the word itself."""

Reading = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00-\x7f][a-z]+\Z", description="a character and its syllable")]


class Habits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How citizens put things."""

    groups: tuple[tuple[Words, ...], ...]
    """Words for the same."""
    unheard: tuple[Reading, ...]
    """Readings that no word here has: a character and its syllable."""


def load_habits(path: Path) -> Habits:
    """Read and check what the searches of all regions share.

    :raises HandbookError: with everything that is wrong.
    """

    def further(_raw: dict[str, Any]) -> Iterator[Fault]:
        return iter(())

    return load_document(path, Habits, further, HandbookError)


@dataclass(frozen=True, slots=True)
class Keyword:
    """A Chinese word that leads to something, for a citizen who types letters and chooses words."""

    word: str
    syllables: tuple[tuple[str, ...], ...]
    """How each of its characters can be read."""
    leads_to: frozenset[str]
    """The articles found by it."""

    def spelt_by(self, letters: str) -> int:
        """How many of its characters these letters spell, as in :func:`~kiosk.handbook.sounds.sounds_like`."""
        return sounds_like(letters, self.word, dict(zip(self.word, self.syllables, strict=True)))


class Finder:
    """Searches the articles of one region."""

    def __init__(self, articles: tuple[Article, ...], habits: Habits, readings: Readings) -> None:
        self._articles = articles
        self._readings = {
            char: tuple(syllable for syllable in syllables if char + syllable not in habits.unheard)
            for char, syllables in readings.items()
        }
        self._titles = {
            article.id: [article.title.zh[at:] for at in range(len(article.title.zh))] for article in articles
        }
        self._groups = habits.groups
        self._words = sorted({word for article in articles for word in article.words} | set(_flat(self._groups)))

    def find(self, query: str) -> tuple[Article, ...]:
        """The articles that ``query`` means, the likeliest first and equals in the handbook's order.

        :param query: pinyin initials or more letters of it, English letters, or Chinese words; spaces part words that
            must all be meant.
        """
        terms = query.casefold().split()
        if not terms:
            return ()
        ranked: list[tuple[float, int]] = []
        meanings = [self._meanings(term) for term in terms]
        for number, article in enumerate(self._articles):
            scores = [self._score(article, term, meant) for term, meant in zip(terms, meanings, strict=True)]
            if all(scores):
                ranked.append((-sum(scores), number))
        return tuple(self._articles[number] for _, number in sorted(ranked))

    def keywords(self) -> tuple[Keyword, ...]:
        """The words that lead anywhere, the ones first by which citizens mostly look, in the order of the habits."""
        first = {group[0]: None for group in self._groups}
        found = {word: frozenset(article.id for article in self.find(word)) for word in [*first, *self._words]}
        spoken = {word: tuple(self._readings.get(char, ()) for char in word) for word in found}
        return tuple(
            Keyword(word, spoken[word], leads_to) for word, leads_to in found.items() if leads_to and all(spoken[word])
        )

    def _meanings(self, term: str) -> dict[str, float]:
        """The Chinese words that a term stands for, with what a hit on each is worth."""
        if term.isascii():
            spelt = {word for word in self._words if sounds_like(term, word, self._readings) == len(word)}
            said = dict.fromkeys(spelt, 1.0)
        else:
            said = {term: 1.0}
            if not any(term in text for article in self._articles for text in _everything(article)):
                # A whole sentence: what it holds of the words we know.
                said |= dict.fromkeys((word for word in self._words if word in term), 1.0)
        meant = dict(said)
        for group in self._groups:
            if any(word in said for word in group):
                for word in group:
                    meant.setdefault(word, _SYNONYM)
        return meant

    def _score(self, article: Article, term: str, meant: dict[str, float]) -> float:
        best = max((worth * _hit(article, word) for word, worth in meant.items()), default=0.0)
        if term.isascii():
            return max(best, self._spelt(article, term), _in_english(article, term))
        return best

    def _spelt(self, article: Article, letters: str) -> float:
        """What the letters spell within the article's words and its title."""
        if any(sounds_like(letters, word, self._readings) for word in article.words):
            return _IN_WORD
        # One letter spells every second title.
        if len(letters) > 1 and any(sounds_like(letters, end, self._readings) for end in self._titles[article.id]):
            return _IN_WORD / 2
        return 0


def _hit(article: Article, word: str) -> float:
    if word in article.words:
        return _WORD
    if word in article.title.zh:
        return _TITLE
    if any(word in own for own in article.words):
        return _IN_WORD
    if word in article.answer.zh:
        return _ANSWER
    return _ELSEWHERE if any(word in text for text in _everything(article)) else 0


def _in_english(article: Article, letters: str) -> float:
    """Letters that begin a word of the English title."""
    if len(letters) < 3:
        return 0
    return _TITLE if any(word.startswith(letters) for word in article.title.en.casefold().split()) else 0


def _everything(article: Article) -> Iterator[str]:
    yield from article.words
    yield from (text.zh for _, text in article.texts())


def _flat(groups: Iterable[Iterable[str]]) -> Iterator[str]:
    for group in groups:
        yield from group
