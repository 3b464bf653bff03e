"""The region packs against ``tests/region_rules.csv``, a reading of the handbooks of its own, both ways.

The table is typed from the documents, one row per rule and region, and never made from the packs: where the two
differ, the document decides which of them is mended.
"""

import csv
import hashlib
import os
import re
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
import pytest

from kiosk.policy.counter import Paper, ProxyPapers, Step
from kiosk.policy.pack import BankLine, Basis, Rule, Term, Text, load_packs, rules_of
from tests.handbooks import sections

REPOSITORY = Path(__file__).parents[2]
PACKS: Final = load_packs(REPOSITORY / "config" / "regions")
EXACT: Final = re.compile(r"\d+|《[^》]+》|[a-z][a-z.]+\.[a-z]+")
"""Digits, titles of forms and names of hosts: nobody's words but the document's."""


class Stated(Enum):
    """What the document does with a rule."""

    SOURCE = "source"
    NOT_STATED = "not_stated"
    OPEN = "open"
    """Neither said nor ruled out; the pack may infer, or its operator decide. A value here is what may be inferred."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule of one region, as it was read."""

    region: str
    rule: str
    stated: Stated
    value: str
    """Digits, ``true`` or ``false``, ``10 days``, ``text`` for words of our own, a list with ``|`` between. A step is
    who takes it and the papers it wants, ``holder card+id``; papers of a proxy follow the business they are for."""
    cite: str
    """The places that bear it, with ``|`` between; the pack's first citation is one of them."""
    quote_check: str
    """Words as printed, with ``|`` between, that stand in the first of these places."""

    @property
    def places(self) -> list[str]:
        """The places, one by one."""
        return self.cite.split("|") if self.cite else []


def load_rows() -> list[Row]:
    with (REPOSITORY / "tests" / "region_rules.csv").open(encoding="utf-8", newline="") as table:
        return [msgspec.convert(row, Row) for row in csv.DictReader(table, strict=True)]


ROWS: Final = load_rows()


def canonical(value: object) -> str:
    """A rule's value as the table writes it."""
    match value:
        case None:
            return ""
        case Text():
            return "text"
        case Term():
            return f"{value.count} {value.unit.value}"
        case BankLine():
            return f"{value.bank.zh} {value.line}"
        case Step():
            return _with_papers(value.who, value.papers)
        case ProxyPapers():
            return _with_papers(value.business, value.papers)
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case tuple():
            return "|".join(canonical(item) for item in value)
    return str(value)


def _with_papers(what: Enum, papers: tuple[Paper, ...]) -> str:
    return f"{what.value} {'+'.join(paper.value for paper in papers)}".rstrip()


def same(read: str, value: object) -> bool:
    """Whether the row's value is the pack's; only the steps of a list have an order, and papers never."""
    left, right = ([_papers_sorted(item) for item in text.split("|")] for text in (read, canonical(value)))
    in_order = isinstance(value, tuple) and any(isinstance(item, Step) for item in value)
    return left == right if in_order else sorted(left) == sorted(right)


def _papers_sorted(item: str) -> tuple[str, list[str]]:
    what, _, papers = item.partition(" ")
    return what, sorted(papers.split("+"))


def disagreement(row: Row, rule: Rule[object]) -> str:
    """What the pack says that the row does not bear out; empty when they agree."""
    allowed = {
        Stated.SOURCE: {Basis.SOURCE},
        Stated.NOT_STATED: {Basis.NOT_STATED},
        Stated.OPEN: {Basis.INFERRED, Basis.OPERATOR} | ({Basis.NOT_STATED} if not row.value else set()),
    }[row.stated]
    if rule.basis not in allowed:
        return f"{row.rule}: read as {row.stated.value}, the pack says {rule.basis.value}"
    if not same(row.value, rule.value) and (row.value or row.stated is not Stated.OPEN):
        return f"{row.rule}: read as {row.value}, the pack says {canonical(rule.value)}"
    if rule.basis is not Basis.NOT_STATED and row.places and (not rule.cite or rule.cite[0] not in row.places):
        return f"{row.rule}: read in {row.cite}, the pack cites {', '.join(rule.cite) or 'nothing'}"
    return ""


@pytest.mark.parametrize("key", sorted(PACKS))
def test_every_rule_has_its_row_and_every_row_its_rule(key: str) -> None:
    rows = [row.rule for row in ROWS if row.region == key]
    rules = [name for name, _ in rules_of(PACKS[key])]
    assert len(rows) == len(set(rows)), "a rule stands in the table twice"
    assert {"no row": sorted(set(rules) - set(rows)), "no rule": sorted(set(rows) - set(rules))} == {
        "no row": [],
        "no rule": [],
    }


def test_the_table_knows_the_regions_that_are_shipped() -> None:
    assert {row.region for row in ROWS} == set(PACKS)


@pytest.mark.parametrize("key", sorted(PACKS))
def test_packs_agree_with_the_reading(key: str) -> None:
    rules = dict(rules_of(PACKS[key]))
    found = [disagreement(row, rules[row.rule]) for row in ROWS if row.region == key and row.rule in rules]
    assert [what for what in found if what] == []


def test_a_row_says_where_it_was_read() -> None:
    for row in ROWS:
        match row.stated:
            case Stated.SOURCE:
                assert row.value, row
                assert row.places, row
            case Stated.NOT_STATED:
                assert not row.value, row
                assert not row.places, row
            case Stated.OPEN:
                assert row.places or not row.value, row
        assert bool(row.quote_check) == any(digest_of(row.region, place) for place in row.places[:1]), row


def test_what_is_garbled_is_told_of_documents_that_the_packs_rest_on() -> None:
    page = (REPOSITORY / "docs" / "regions.md").read_text(encoding="utf-8").partition("## Where the documents")[2]
    sources = set(re.findall(r"^\| `(\S+) \S+` \|", page, re.MULTILINE))
    assert sources
    assert sources <= {source.id for pack in PACKS.values() for source in pack.sources}


@pytest.fixture(scope="module")
def handbooks() -> dict[str, str]:
    """The handbooks' texts by their SHA-256."""
    if "REGION_SOURCES" not in os.environ:
        pytest.skip("REGION_SOURCES names no folder with the handbooks")
    files = (path for path in Path(os.environ["REGION_SOURCES"]).iterdir() if path.is_file())
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path.read_text(encoding="utf-8") for path in files}


def test_the_words_of_a_row_stand_in_the_section_it_cites(handbooks: dict[str, str]) -> None:
    missing = []
    for row in ROWS:
        there = [printed(row.region, place, handbooks) for place in row.places if digest_of(row.region, place)]
        if not all(there) or not all(word in there[0] for word in row.quote_check.split("|") if word):
            missing.append(f"{row.region} {row.rule}: {row.quote_check} in {row.cite}")
    assert missing == []


def test_numbers_and_titles_in_our_words_stand_in_the_sections_they_cite(handbooks: dict[str, str]) -> None:
    missing = [
        (key, name, exact)
        for key, pack in sorted(PACKS.items())
        for name, rule in rules_of(pack)
        if rule.basis is Basis.SOURCE
        for exact in EXACT.findall(" ".join(chinese(rule.value)))
        if not any(exact in printed(key, place, handbooks) for place in rule.cite)
    ]
    assert missing == [("guizhou", "data_change.form", "《社会保障卡信息勘误单》")], (
        "there the scan garbled one character"
    )


def chinese(value: object) -> list[str]:
    """Our Chinese words in a rule's value."""
    match value:
        case Text():
            return [value.zh]
        case tuple():
            return [words for item in value for words in chinese(item)]
        case Step():
            return [value.where.zh, value.what.zh]
    return []


def printed(key: str, place: str, handbooks: dict[str, str]) -> str:
    """What stands in a section; nothing for a norm, or where there is no such section."""
    source, _, section = place.partition(" ")
    digest = digest_of(key, place)
    return sections(source, handbooks[digest]).get(section, "") if digest else ""


def digest_of(key: str, place: str) -> str:
    """SHA-256 of the document that a citation names; empty for a norm."""
    return {source.id: source.sha256 for source in PACKS[key].sources}[place.partition(" ")[0]]
