"""A region's rules in words, each with what it rests on: the same by command line and on the screen."""

from collections.abc import Iterator
from enum import Enum
from typing import assert_never

from kiosk.policy.counter import ProxyPapers, Step
from kiosk.policy.pack import BankLine, Source, rules_of
from kiosk.policy.region import Citation, Region
from kiosk.policy.rule import Basis, Rule, Term, Text


def described(region: Region, language: str) -> Iterator[str]:
    """All of a pack, line by line.

    :param language: ``zh`` or ``en``, of the citizen's words.
    """
    pack = region.pack
    yield f"{pack.key}: {said(pack.name, language)}"
    yield ""
    yield from (f"source {_document(source)}" for source in pack.sources)
    for item in pack.unreadable:
        yield f"unreadable: {said(item.what, language)}; {cited(region.place_of(item.cite))}"
    for name, rule in rules_of(pack):
        yield ""
        yield f"{name} = {said(rule.value, language)}"
        yield from (f"    {line}" for line in grounds(region, rule))


def _document(source: Source) -> str:
    return ", ".join(part for part in (f"{source.id}: 《{source.title}》", source.publisher, _dated(source)) if part)


def grounds(region: Region, rule: Rule[object]) -> Iterator[str]:
    """What a rule rests on: its basis with the places that say so, and the reason."""
    places = "; ".join(cited(citation) for citation in region.citations(rule))
    if rule.basis is not Basis.NOT_STATED:
        yield f"{rule.basis.value}: {places}" if places else rule.basis.value
    if rule.reason:
        yield f"reason: {rule.reason}"


def cited(citation: Citation) -> str:
    """Title, date and section."""
    date = _dated(citation)
    return f"《{citation.title}》{f' ({date})' if date else ''} {citation.section}"


def _dated(document: Source | Citation) -> str:
    return document.date or (f"about {document.about}" if document.about else "")


def said(value: object, language: str) -> str:
    """A rule's value in words."""
    match value:
        case None:
            return "not stated"
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case Text():
            return value.zh if language == "zh" else value.en
        case Term():
            term = f"{value.count} {value.unit.value.replace('_', ' ')}"
            return term if value.leaves_open is None else f"{term}; {said(value.leaves_open, language)}"
        case BankLine():
            return f"{said(value.bank, language)} {value.line}"
        case Step() | ProxyPapers():
            return _ordered(value, language)
        case tuple():
            whole = any(isinstance(item, (Text, Step, ProxyPapers)) for item in value)
            return ("; " if whole else ", ").join(said(item, language) for item in value)
    return str(value)


def _ordered(value: Step | ProxyPapers, language: str) -> str:
    """What somebody brings to a step, and where it is taken."""
    papers = said(value.papers, language)
    match value:
        case ProxyPapers():
            return f"{value.business.value}: {papers}"
        case Step():
            taken = f"{value.who.value}: {said(value.where, language)}: {said(value.what, language)}"
            return f"{taken} ({papers})" if papers else taken
        case _ as never:
            assert_never(never)
