"""``kiosk region``: what the region packs rule and on what, for whoever writes, checks or answers for them."""

import argparse
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final, assert_never

from kiosk.command_line.manual import PACKS, ExitCode, closing
from kiosk.policy.counter import ProxyPapers, Step
from kiosk.policy.pack import BankLine, Pack, PackError, Source, load_pack, load_packs, rules_of
from kiosk.policy.region import Citation, Region
from kiosk.policy.rule import Basis, Rule, Term, Text
from kiosk.records.transaction import Service

DEFAULT_REGIONS: Final = Path("config/regions")
_COLUMNS: Final = ("region", "service", "open", "basis", "source", "offline", "place")


class Exit(ExitCode):
    """Exit codes of ``kiosk region``; scripts rely on them."""

    SOUND = 0
    FAULTY = 1, "a pack has faults; each is told on a line of its own"
    USAGE = 2, "wrong arguments, or no such region"


_EXAMPLES: Final = {
    "show": {
        "kiosk region show beijing --language zh": "every rule, in the words that citizens read",
    },
    "check": {
        "kiosk region check": "all packs of the folder",
        "kiosk region check beijing.toml": "one that is being written",
    },
    "matrix": {
        "kiosk region matrix --markdown": "the table of docs/services.md",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``region show``, ``region check`` and ``region matrix`` to the kiosk's commands."""
    region = subparsers.add_parser("region", help="look at the region packs and check them")
    commands = region.add_subparsers(dest="action", required=True)

    show = commands.add_parser("show", help="print every rule of a region with what it rests on")
    show.add_argument("region", help="the pack's key, such as beijing")
    check = commands.add_parser("check", help="tell everything that is wrong with packs")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help="packs; all of --regions when left out")
    matrix = commands.add_parser("matrix", help="print which region opens which service, and on what")
    matrix.add_argument("--markdown", action="store_true", help="as the table in docs/services.md")
    for command in (show, check, matrix):
        command.add_argument(
            "--regions",
            type=Path,
            default=DEFAULT_REGIONS,
            metavar="DIR",
            help=f"folder of the packs (default {DEFAULT_REGIONS})",
        )
    for command in (show, matrix):
        command.add_argument(
            "--language", choices=("zh", "en"), default="en", help="of the citizen's words (default en)"
        )
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], PACKS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    try:
        match args.action:
            case "show":
                return _show(args.regions, args.region, args.language)
            case "matrix":
                return _matrix(load_packs(args.regions), args.language, markdown=args.markdown)
        return _check(args.files or _files(args.regions))
    except PackError as error:
        print(error, file=sys.stderr)
        return Exit.FAULTY


def _files(regions: Path) -> list[Path]:
    files = sorted(regions.glob("*.toml"))
    if not files:
        raise PackError(f"{regions}: no region pack (*.toml) there")
    return files


def _check(files: list[Path]) -> int:
    faults: list[str] = []
    for file in files:
        try:
            load_pack(file)
        except PackError as error:
            faults.extend(error.faults)
    for fault in faults:
        print(fault)
    print(f"{len(files)} packs, {len(faults)} faults", file=sys.stderr)
    return Exit.FAULTY if faults else Exit.SOUND


def _show(regions: Path, key: str, language: str) -> int:
    path = regions / f"{key}.toml"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in regions.glob("*.toml"))) or "none"
        print(f"kiosk region: no region {key} in {regions}; there are: {there}", file=sys.stderr)
        return Exit.USAGE
    region = Region(load_pack(path))
    for line in _described(region, language):
        print(line)
    return Exit.SOUND


def _described(region: Region, language: str) -> Iterator[str]:
    pack = region.pack
    yield f"{pack.key}: {_said(pack.name, language)}"
    yield ""
    yield from (f"source {_document(source)}" for source in pack.sources)
    for item in pack.unreadable:
        yield f"unreadable: {_said(item.what, language)}; {_cited(region.place_of(item.cite))}"
    for name, rule in rules_of(pack):
        yield ""
        yield f"{name} = {_said(rule.value, language)}"
        yield from (f"    {line}" for line in _grounds(region, rule))


def _document(source: Source) -> str:
    return ", ".join(part for part in (f"{source.id}: 《{source.title}》", source.publisher, _dated(source)) if part)


def _grounds(region: Region, rule: Rule[object]) -> Iterator[str]:
    places = "; ".join(_cited(citation) for citation in region.citations(rule))
    if rule.basis is not Basis.NOT_STATED:
        yield f"{rule.basis.value}: {places}" if places else rule.basis.value
    if rule.reason:
        yield f"reason: {rule.reason}"


def _cited(citation: Citation) -> str:
    date = _dated(citation)
    return f"《{citation.title}》{f' ({date})' if date else ''} {citation.section}"


def _dated(document: Source | Citation) -> str:
    return document.date or (f"about {document.about}" if document.about else "")


def _said(value: object, language: str) -> str:
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
            return term if value.leaves_open is None else f"{term}; {_said(value.leaves_open, language)}"
        case BankLine():
            return f"{_said(value.bank, language)} {value.line}"
        case Step() | ProxyPapers():
            return _ordered(value, language)
        case tuple():
            whole = any(isinstance(item, (Text, Step, ProxyPapers)) for item in value)
            return ("; " if whole else ", ").join(_said(item, language) for item in value)
    return str(value)


def _ordered(value: Step | ProxyPapers, language: str) -> str:
    """What somebody brings to a step, and where it is taken."""
    papers = _said(value.papers, language)
    match value:
        case ProxyPapers():
            return f"{value.business.value}: {papers}"
        case Step():
            taken = f"{value.who.value}: {_said(value.where, language)}: {_said(value.what, language)}"
            return f"{taken} ({papers})" if papers else taken
        case _ as never:
            assert_never(never)


def _matrix(packs: dict[str, Pack], language: str, *, markdown: bool) -> int:
    rows = [_row(Region(pack), service, language) for pack in packs.values() for service in Service]
    if markdown:
        print(f"| {' | '.join(_COLUMNS)} |")
        print("|---" * len(_COLUMNS) + "|")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        return Exit.SOUND
    # Chinese is twice as wide as a terminal's column count says, so the wide columns stay with --markdown.
    narrow = [(row[0], row[1], row[2], row[3], row[5]) for row in [_COLUMNS, *rows]]
    widths = [max(len(cell) for cell in column) for column in zip(*narrow, strict=True)]
    for cells in narrow:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    return Exit.SOUND


def _row(region: Region, service: Service, language: str) -> tuple[str, ...]:
    rules = region.service(service)
    cited = region.citation(rules.self_service)
    return (
        region.key,
        service.value,
        "yes" if region.offers(service) else "no",
        rules.self_service.basis.value,
        _cited(cited) if cited else "–",
        region.offline(service).value,
        "not stated" if rules.place.basis is Basis.NOT_STATED else _said(rules.place.value, language),
    )
