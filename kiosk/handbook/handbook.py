"""A region's handbook as a journey asks it: articles, outlets and the search over them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.handbook.articles import Article, Topic, load_articles
from kiosk.handbook.outlets import Outlets, load_outlets
from kiosk.handbook.search import Finder, Keyword, load_habits
from kiosk.handbook.sounds import load_readings
from kiosk.policy.pack import Pack

SEARCH: Final = "search.toml"
"""Beside the articles, for all regions."""


@dataclass(frozen=True, slots=True)
class Handbook:
    """All that can be asked of one region."""

    topics: tuple[Topic, ...]
    articles: tuple[Article, ...]
    outlets: Outlets
    find: Callable[[str], tuple[Article, ...]]
    """As :meth:`~kiosk.handbook.search.Finder.find`."""
    keywords: tuple[Keyword, ...] = ()
    """As :meth:`~kiosk.handbook.search.Finder.keywords`."""

    def about(self, topic: str) -> tuple[Article, ...]:
        """The articles of a topic in the handbook's order."""
        return tuple(article for article in self.articles if article.topic == topic)

    def article(self, name: str) -> Article:
        """The article of this id.

        :raises LookupError: there is none.
        """
        for article in self.articles:
            if article.id == name:
                return article
        raise LookupError(name)


NO_HANDBOOK: Final = Handbook((), (), Outlets(key=""), lambda _query: ())
"""Of a terminal that has none."""


def load_handbook(pack: Pack, articles: Path, outlets: Path, table: Path) -> Handbook:
    """Read and check the handbook of a region.

    :param articles: the folder of the articles.
    :param outlets: the folder of the outlets.
    :param table: ``assets/input/pinyin.txt``.
    :raises HandbookError: something in it is wrong.
    :raises OSError: ``table`` can't be read.
    """
    told = load_articles(articles / f"{pack.key}.toml", pack)
    habits = load_habits(articles / SEARCH)
    characters = {char for article in told.articles for text in (article.title.zh, *article.words) for char in text}
    characters |= {char for group in habits.groups for word in group for char in word}
    finder = Finder(told.articles, habits, load_readings(table, characters))
    places = load_outlets(outlets / f"{pack.key}.toml", pack)
    return Handbook(told.topics, told.articles, places, finder.find, finder.keywords())
