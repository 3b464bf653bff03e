"""``kiosk region``: what the region packs rule and on what, for whoever writes, checks or answers for them."""

import argparse
import sys
from pathlib import Path
from typing import Final

from kiosk.command_line import places
from kiosk.command_line.manual import CONFIGURATION, PACKS, ExitCode, closing
from kiosk.configuration import Configuration, load_configuration
from kiosk.policy.pack import Pack, PackError, load_pack, load_packs
from kiosk.policy.region import Region
from kiosk.policy.rule import Basis
from kiosk.records.china_time import minute_of
from kiosk.records.transaction import Service
from kiosk.technician.packs import NotTaken, take_pack
from kiosk.technician.rule_words import cited, described, said

_COLUMNS: Final = ("region", "service", "open", "basis", "source", "offline", "place")


class Exit(ExitCode):
    """Exit codes of ``kiosk region``; scripts rely on them."""

    SOUND = 0
    FAULTY = 1, "a pack has faults; each is told on a line of its own"
    USAGE = 2, "wrong arguments, or no such region"
    NOT_TAKEN = 48, "take: the file is not what may be taken; nothing was changed"


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
    "take": {
        "kiosk region take zhumadian.pack": "the rules that hold from the next start on",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``region show``, ``check``, ``matrix`` and ``take`` to the kiosk's commands."""
    region = subparsers.add_parser("region", help="look at the region packs and check them")
    commands = region.add_subparsers(dest="action", required=True)

    show = commands.add_parser("show", help="print every rule of a region with what it rests on")
    show.add_argument("region", help="the pack's key, such as beijing")
    check = commands.add_parser("check", help="tell everything that is wrong with packs")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE", help="packs; all of the folder when left out")
    matrix = commands.add_parser("matrix", help="print which region opens which service, and on what")
    matrix.add_argument("--markdown", action="store_true", help="as the table in docs/services.md")
    take = commands.add_parser("take", help="have a pack that the centre has signed count from the next start on")
    take.add_argument("file", type=Path, metavar="FILE", help="as python -m central sign-pack writes it")
    take.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    for command in (show, check, matrix):
        command.add_argument(
            "--regions",
            type=Path,
            default=None,
            metavar="DIR",
            help=f"folder of the packs (default the terminal's, in a working tree {places.TREE_REGIONS})",
        )
        places.add_configuration(command, default)
        command.set_defaults(installed=default)
    for command in (show, matrix):
        command.add_argument(
            "--language", choices=("zh", "en"), default="en", help="of the citizen's words (default en)"
        )
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION | PACKS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    try:
        match args.action:
            case "show":
                return _show(_regions(args), args.region, args.language)
            case "take":
                return _take(load_configuration(args.config), args.file)
            case "matrix":
                return _matrix(load_packs(_regions(args)), args.language, markdown=args.markdown)
        return _check(args.files or _files(_regions(args)))
    except PackError as error:
        print(error, file=sys.stderr)
        return Exit.FAULTY


def _regions(args: argparse.Namespace) -> Path:
    return places.regions(args.regions, args.config, args.installed)


def _take(configuration: Configuration, file: Path) -> int:
    try:
        taken = take_pack(configuration, file)
    except NotTaken as refusal:
        print(f"kiosk region: {refusal}", file=sys.stderr)
        return Exit.NOT_TAKEN
    print(f"{taken.region}: signed {minute_of(taken.signed_ms)}; it counts from the terminal's next start on")
    return Exit.SOUND


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
    for line in described(region, language):
        print(line)
    return Exit.SOUND


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
    place = region.citation(rules.self_service)
    return (
        region.key,
        service.value,
        "yes" if region.offers(service) else "no",
        rules.self_service.basis.value,
        cited(place) if place else "–",
        region.offline(service).value,
        "not stated" if rules.place.basis is Basis.NOT_STATED else said(rules.place.value, language),
    )
