"""The form of a region's articles (``config/handbook/<region>.toml``) and their loading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from kiosk.policy.document import DocumentError, load_document
from kiosk.policy.form import Fault
from kiosk.policy.pack import Pack, citation_faults, key_faults
from kiosk.policy.rule import Text, Words

MOST_TOPICS: Final = 6
"""Choices on one screen (docs/ux-rules.md rule 6)."""
LONGEST: Final = {"zh": 60, "en": 180}
"""Characters of one text: a screen holds no more (docs/ux-rules.md rule 1); English takes three letters to one."""
LONGEST_TITLE: Final = {"zh": 16, "en": 48}
"""Characters of a question: one of six on a screen."""


class HandbookError(DocumentError):
    """Articles, outlets or what the search knows do not have the form wanted."""


Id = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]+\Z", description="small letters, digits and hyphens in quotes")]


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What several articles are about."""

    id: Id
    name: Text


class Article(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One question, and what the handbook states about it."""

    id: Id
    topic: Id
    title: Text
    """The question as a citizen would ask it."""
    answer: Text
    steps: tuple[Text, ...] = ()
    """What to do, in order; or, without an order, what there is."""
    papers: tuple[Text, ...] = ()
    fee: Text | None = None
    term: Text | None = None
    where: Text | None = None
    unsaid: Text | None = None
    """What a citizen would ask next and the handbook does not state."""
    hotline: str = ""
    """As the source prints it, where it is another than the region's."""
    words: tuple[Words, ...] = ()
    """Chinese words by which it is looked for, beside those of its title."""
    cite: tuple[Words, ...]
    """As in :class:`~kiosk.policy.pack.Rule`."""

    def texts(self) -> Iterator[tuple[str, Text]]:
        """Every text with the field it stands in."""
        yield "title", self.title
        yield "answer", self.answer
        yield from (("steps", text) for text in self.steps)
        yield from (("papers", text) for text in self.papers)
        for name, text in (("fee", self.fee), ("term", self.term), ("where", self.where), ("unsaid", self.unsaid)):
            if text is not None:
                yield name, text

    def faults(self) -> Iterator[Fault]:
        """No citation, and texts that no screen holds."""
        if not self.cite:
            yield Fault(("cite",), 'missing; an article wants cite = ["<source id> <section>"]')
        for name, text in self.texts():
            for language, most in (LONGEST_TITLE if name == "title" else LONGEST).items():
                length = len(getattr(text, language))
                if length > most:
                    yield Fault((name,), f"{length} characters of {language}; a screen holds {most}")


class Articles(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of a region."""

    key: str
    """The region pack's."""
    topics: tuple[Topic, ...]
    articles: tuple[Article, ...]

    def faults(self) -> Iterator[Fault]:
        """Too many topics, one without articles, articles of none, and ids that stand twice."""
        topics = [topic.id for topic in self.topics]
        if len(topics) > MOST_TOPICS:
            yield Fault(("topics",), f"{len(topics)} of them; a screen holds {MOST_TOPICS}")
        yield from _twice("topics", topics)
        yield from _twice("articles", [article.id for article in self.articles])
        for number, article in enumerate(self.articles):
            if article.topic not in topics:
                yield Fault(("articles", number, "topic"), f'"{article.topic}"; allowed: {", ".join(topics)}')
        spoken_of = {article.topic for article in self.articles}
        for number, topic in enumerate(topics):
            if topic not in spoken_of:
                yield Fault(("topics", number), f'"{topic}" has no article')


def load_articles(path: Path, pack: Pack) -> Articles:
    """Read and check the articles of one region.

    :raises HandbookError: with everything that is wrong, as with a region pack; also a citation of what is no source
        of ``pack``.
    """

    def further(raw: dict[str, Any]) -> Iterator[Fault]:
        yield from key_faults(raw, path)
        yield from citation_faults(raw, {source.id for source in pack.sources})

    return load_document(path, Articles, further, HandbookError)


def _twice(where: str, ids: list[str]) -> Iterator[Fault]:
    for number, name in enumerate(ids):
        if name in ids[:number]:
            yield Fault((where, number, "id"), f'"{name}" is there already')
