"""``kiosk photo``: what a portrait measures, the portrait for the card, and what two pictures have in common.

For whoever answers for a terminal.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from kiosk.command_line import places
from kiosk.command_line.manual import ASSETS, CONFIGURATION, PACKS, ExitCode, closing
from kiosk.policy.pack import PackError, load_pack
from kiosk.policy.region import Region
from kiosk.portrait.errors import ModelsMissing, NoFace, NotCompliant, PictureTooSmall, PortraitError, UnreadablePicture
from kiosk.portrait.norm import Norm, Stage
from kiosk.portrait.regional import norm_of
from kiosk.records.portrait import Likeness

if TYPE_CHECKING:  # numpy and OpenCV are loaded by whoever measures, not by every command of the kiosk
    from kiosk.portrait.measures import Measured
    from kiosk.portrait.models import Models

_PICTURES: Final = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Exit(ExitCode):
    """Exit codes of ``kiosk photo``, the gravest of several pictures' last; scripts rely on them."""

    COMPLIANT = 0, "or: the same person, a solid head"
    USAGE = 2, "wrong arguments"
    NOT_COMPLIANT = 10, "measured, and not to the norm"
    NO_FACE = 11
    UNREADABLE = 12, "no picture, a damaged one, too large or too small"
    NO_FILE = 13, "a file can't be read or written"
    NO_MODELS = 14, "set-up has not brought the models"
    NOT_THE_SAME = 15, "compared: the faces are clearly different; or turned: it looks flat"
    OPEN = 16, "compared or turned, and nothing can be told"
    NO_REGION = 17, "there is no such region pack, or it has faults"


_EXAMPLES: Final = {
    "check": {
        "kiosk photo check picture.jpg": "by the national norm",
        "kiosk photo check --stage capture --region beijing picture.jpg": "as what the camera took, by a region's pack",
    },
    "make": {
        "kiosk photo make picture.jpg portrait.jpg": "the portrait as the card has it",
    },
    "report": {
        "kiosk photo report pictures --out report.html": "one page on all pictures of a folder",
    },
    "compare": {
        "kiosk photo compare one.jpg other.jpg": "whether it seems to be one person",
    },
    "turn": {
        "kiosk photo turn front.jpg turned.jpg": "whether what turned looks flat",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``photo check``, ``make``, ``report``, ``compare`` and ``turn`` to the kiosk's commands."""
    photo = subparsers.add_parser("photo", help="measure portraits and make them ready for the card")
    commands = photo.add_subparsers(dest="action", required=True)
    check = commands.add_parser("check", help="print what pictures measure")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="print one JSON list")
    check.add_argument(
        "--stage",
        choices=[stage.value for stage in Stage],
        default=Stage.FINISHED.value,
        help="judge as the finished portrait (default), or as a capture that is to be finished",
    )
    make = commands.add_parser(
        "make",
        help="make the card's portrait of a picture; writes only what complies",
    )
    make.add_argument("picture", type=Path, metavar="IN")
    make.add_argument("portrait", type=Path, metavar="OUT", help="JPEG")
    report = commands.add_parser("report", help="write one HTML page of all pictures in a folder")
    report.add_argument("folder", type=Path, metavar="DIR")
    report.add_argument("--out", type=Path, metavar="FILE", help="default: report.html in DIR; it holds the faces")
    compare = commands.add_parser(
        "compare",
        help="how alike the faces of two pictures are: an aid, no proof",
    )
    turn = commands.add_parser(
        "turn",
        help="whether what turned between two frames was flat: a hint, no proof",
    )
    for command in (compare, turn):
        command.add_argument("one", type=Path, metavar="A")
        command.add_argument("other", type=Path, metavar="B")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    for command in (check, make, report, compare, turn):
        command.add_argument(
            "--models",
            type=Path,
            default=None,
            metavar="DIR",
            help=f"folder of the models (default the terminal's, in a working tree {places.TREE_MODELS})",
        )
        command.add_argument(
            "--region", metavar="NAME", help="judge by this region's pack, such as beijing (default: the national norm)"
        )
        command.add_argument(
            "--regions",
            type=Path,
            default=None,
            metavar="DIR",
            help=f"folder of the packs (default the terminal's, in a working tree {places.TREE_REGIONS})",
        )
        places.add_configuration(command, default)
        command.set_defaults(installed=default)
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION | ASSETS | PACKS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    from kiosk.portrait.models import Models  # noqa: PLC0415 - see above

    try:
        directory = places.models(args.models, args.config, args.installed)
        norm = Norm()
        if args.region is not None:
            packs = places.regions(args.regions, args.config, args.installed)
            norm = norm_of(Region(load_pack(packs / f"{args.region}.toml")))
        models = Models(directory)
        match args.action:
            case "check":
                return _check(models, norm, args.files, Stage(args.stage), as_json=args.json)
            case "make":
                return _make(models, norm, args.picture, args.portrait)
            case "compare":
                return _compare(models, directory, args.one, args.other, as_json=args.json)
            case "turn":
                return _turn(models, args.one, args.other, as_json=args.json)
        return _report(models, norm, args.folder, args.out or args.folder / "report.html")
    except PackError as error:
        print(error, file=sys.stderr)
        return Exit.NO_REGION
    except PortraitError as error:
        print(f"kiosk photo: {error}", file=sys.stderr)
        return _code(error)
    except OSError as error:
        print(f"kiosk photo: {error}", file=sys.stderr)
        return Exit.NO_FILE


def _check(models: "Models", norm: Norm, files: list[Path], stage: Stage, *, as_json: bool) -> int:
    code = Exit.COMPLIANT
    told: list[dict[str, object]] = []
    for file in files:
        one: dict[str, object] = {"file": str(file)}
        try:
            measured = _measured(models, norm, file.read_bytes(), stage)
        except (PortraitError, OSError) as error:
            this = _code(error)
            one |= {"outcome": this.name.lower(), "fault": str(error)}
        else:
            this = _outcome(measured)
            one |= {"outcome": this.name.lower(), "measures": _listed(measured), "to_confirm": list(norm.checklist)}
            if not as_json:
                _print_table(file, measured, norm, this)
        if not as_json and "fault" in one:
            print(f"{file}: {this.name.lower()}: {one['fault']}")
        told.append(one)
        code = max(code, this)
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    return code


def _measured(models: "Models", norm: Norm, content: bytes, stage: Stage) -> "Measured":
    from kiosk.portrait.measures import measure_finished, measure_frame  # noqa: PLC0415
    from kiosk.portrait.picture import read_picture  # noqa: PLC0415

    picture = read_picture(content)
    match stage:
        case Stage.CAPTURE:
            return measure_frame(models, picture.pixels, norm)
        case Stage.FINISHED:
            return measure_finished(models, picture, norm)
        case _ as never:
            assert_never(never)


def _make(models: "Models", norm: Norm, source: Path, target: Path) -> int:
    from kiosk.portrait.finish import finish  # noqa: PLC0415
    from kiosk.portrait.picture import read_picture  # noqa: PLC0415

    portrait = finish(models, read_picture(source.read_bytes()).pixels, norm)
    part = target.with_name(target.name + ".part")
    part.write_bytes(portrait.jpeg)
    os.replace(part, target)  # noqa: PTH105 - the whole portrait or none
    print(f"{target}: {len(portrait.jpeg)} bytes; to be confirmed by the person: {', '.join(norm.checklist)}")
    return Exit.COMPLIANT


def _report(models: "Models", norm: Norm, folder: Path, out: Path) -> int:
    from kiosk.portrait.report import examine, page  # noqa: PLC0415

    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in _PICTURES)
    sheets = [examine(models, file.name, file.read_bytes(), norm) for file in files]
    out.write_text(page(sheets), encoding="utf-8")
    complying = sum(not sheet.fault for sheet in sheets)
    print(f"{out}: {len(sheets)} pictures, {complying} comply")
    return Exit.COMPLIANT if complying == len(sheets) else Exit.NOT_COMPLIANT


def _compare(models: "Models", directory: Path, one: Path, other: Path, *, as_json: bool) -> int:
    from kiosk.portrait.comparison import OPEN_FROM, SAME_FROM, Comparison  # noqa: PLC0415
    from kiosk.portrait.picture import read_picture  # noqa: PLC0415

    comparison = Comparison(models, directory)
    first, second = (read_picture(file.read_bytes()).pixels for file in (one, other))
    compared = comparison.compare(first, second)
    similarity = None if math.isnan(compared.similarity) else round(compared.similarity, 4)
    rows = {"similarity": similarity, "same_from": SAME_FROM, "open_from": OPEN_FROM}
    words, code = {
        Likeness.SAME: ("the same person, it seems", Exit.COMPLIANT),
        Likeness.NOT_THE_SAME: ("not the same person, it seems", Exit.NOT_THE_SAME),
        Likeness.OPEN: ("can't tell", Exit.OPEN),
    }[compared.likeness]
    _tell({**rows, "likeness": compared.likeness.value}, words, "its error rates are not established", as_json=as_json)
    return code


def _turn(models: "Models", one: Path, other: Path, *, as_json: bool) -> int:
    from kiosk.portrait.landmarks import find_face  # noqa: PLC0415
    from kiosk.portrait.picture import read_picture  # noqa: PLC0415
    from kiosk.portrait.planarity import LEAST_TURN, MOST_NARROWED, SOLID_FROM, TurnHint, turn_between  # noqa: PLC0415

    faces = [find_face(models, read_picture(file.read_bytes()).pixels) for file in (one, other)]
    first, second = faces
    if first is None or second is None:
        raise NoFace("no face is found")
    turn = turn_between(first, second)
    rows = {
        "residual": round(turn.residual, 5),
        "solid_from": SOLID_FROM,
        "turned_degrees": round(turn.degrees, 1),
        "least_turn_degrees": LEAST_TURN,
        "narrowed": round(turn.narrowed, 2),
        "most_narrowed": MOST_NARROWED,
    }
    words, code = {
        TurnHint.SOLID: ("it looks solid", Exit.COMPLIANT),
        TurnHint.FLAT: ("it looks flat", Exit.NOT_THE_SAME),
        TurnHint.OPEN: ("turned too little or too far to tell", Exit.OPEN),
    }[turn.hint]
    _tell({**rows, "hint": turn.hint.value}, words, "a hint, no detection of presentation attacks", as_json=as_json)
    return code


def _tell(rows: dict[str, object], words: str, caveat: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**rows, "caveat": caveat}, indent=2))
        return
    for name, value in rows.items():
        print(f"  {name.replace('_', ' '):20}  {'not measured' if value is None else value}")
    print(f"  {words}; {caveat}")


def _outcome(measured: "Measured") -> Exit:
    if measured.face is None:
        return Exit.NO_FACE
    return Exit.NOT_COMPLIANT if measured.failed else Exit.COMPLIANT


def _code(error: Exception) -> Exit:
    match error:
        case NoFace():
            return Exit.NO_FACE
        case NotCompliant():
            return Exit.NOT_COMPLIANT
        case UnreadablePicture() | PictureTooSmall():
            return Exit.UNREADABLE
        case ModelsMissing():
            return Exit.NO_MODELS
    return Exit.NO_FILE


def _listed(measured: "Measured") -> list[dict[str, object]]:
    return [
        {
            "measure": verdict.limit.measure.value,
            "value": None if math.isnan(verdict.value) else round(verdict.value, 4),
            "unit": verdict.limit.unit,
            "low": verdict.limit.low,
            "high": None if verdict.limit.high == math.inf else verdict.limit.high,
            "source": verdict.limit.source,
            "binding": verdict.limit.binding,
            "within": verdict.within,
        }
        for verdict in measured.verdicts
    ]


def _print_table(file: Path, measured: "Measured", norm: Norm, outcome: Exit) -> None:
    from kiosk.portrait.report import told  # noqa: PLC0415

    print(f"{file}: {outcome.name.lower()}")
    for verdict in measured.verdicts:
        name, value, window, meaning = told(verdict)
        print(f"  {meaning:4}  {name:16}  {value:>14}  {window:>14}  {verdict.limit.source}")
    print(f"  to be confirmed by the person: {', '.join(norm.checklist)}")
