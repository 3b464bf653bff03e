"""``kiosk handbook``: what the articles of a region answer, for whoever writes, checks or answers for them."""

import argparse
import sys
from pathlib import Path
from typing import Final

from kiosk.command_line.manual import ASSETS, PACKS, ExitCode, closing
from kiosk.handbook.handbook import Handbook, load_handbook
from kiosk.policy.document import DocumentError
from kiosk.policy.pack import load_pack, load_packs

DEFAULT_CONFIG: Final = Path("config")
DEFAULT_ASSETS: Final = Path("assets")


class Exit(ExitCode):
    """Exit codes of ``kiosk handbook``; scripts rely on them."""

    SOUND = 0
    FAULTY = 1, "a handbook has faults; each is told on a line of its own. For a search: nothing was found"
    USAGE = 2, "wrong arguments, or no such region"


_EXAMPLES: Final = {
    "search": {
        "kiosk handbook search beijing gs": "by the initials of the pinyin",
        "kiosk handbook search qingdao 密码": "by words",
    },
    "check": {
        "kiosk handbook check": "every article and outlet",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``handbook search`` and ``handbook check`` to the kiosk's commands."""
    handbook = subparsers.add_parser("handbook", help="search the handbooks' articles and check them")
    commands = handbook.add_subparsers(dest="action", required=True)
    search = commands.add_parser("search", help="print the articles that words or letters mean")
    search.add_argument("region", help="the pack's key, such as beijing")
    search.add_argument("words", nargs="+", metavar="WORDS", help="Chinese words, pinyin initials, or English")
    check = commands.add_parser("check", help="tell everything that is wrong with articles and outlets")
    for command in (search, check):
        for name, default, text in (
            ("config", DEFAULT_CONFIG, "folder of regions, handbook and outlets"),
            ("assets", DEFAULT_ASSETS, "folder of the tables for typing"),
        ):
            told = f"{text} (default {default})"
            command.add_argument(f"--{name}", type=Path, default=default, metavar="DIR", help=told)
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], PACKS | ASSETS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    try:
        match args.action:
            case "search":
                return _search(args.config, args.assets, args.region, " ".join(args.words))
        return _check(args.config, args.assets)
    except DocumentError as error:
        print(error, file=sys.stderr)
        return Exit.FAULTY
    except OSError as error:
        print(f"kiosk handbook: {error.filename}: {error.strerror}", file=sys.stderr)
        return Exit.USAGE


def _load(config: Path, assets: Path, key: str) -> Handbook:
    pack = load_pack(config / "regions" / f"{key}.toml")
    return load_handbook(pack, config / "handbook", config / "outlets", assets / "input" / "pinyin.txt")


def _search(config: Path, assets: Path, key: str, words: str) -> int:
    if not (config / "regions" / f"{key}.toml").is_file():
        there = ", ".join(sorted(file.stem for file in (config / "regions").glob("*.toml"))) or "none"
        print(f"kiosk handbook: no region {key} in {config / 'regions'}; there are: {there}", file=sys.stderr)
        return Exit.USAGE
    found = _load(config, assets, key).find(words)
    for article in found:
        print(f"{article.id}: {article.title.zh} / {article.title.en} ({'; '.join(article.cite)})")
    return Exit.SOUND if found else Exit.FAULTY


def _check(config: Path, assets: Path) -> int:
    faults: list[str] = []
    keys = sorted(load_packs(config / "regions"))
    articles = outlets = 0
    for key in keys:
        try:
            handbook = _load(config, assets, key)
        except DocumentError as error:
            faults.extend(error.faults)
        else:
            articles += len(handbook.articles)
            outlets += len(handbook.outlets.outlets)
    for fault in faults:
        print(fault)
    print(f"{len(keys)} handbooks, {articles} articles, {outlets} outlets, {len(faults)} faults", file=sys.stderr)
    return Exit.FAULTY if faults else Exit.SOUND
