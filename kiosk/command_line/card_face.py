"""``kiosk card-face``: what a layout prints on a card, for whoever fits it to the blanks of a terminal."""

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.card_face.errors import CardFaceError, GlyphMissing
from kiosk.card_face.layout import LayoutError, load_layout
from kiosk.card_face.particulars import Particulars
from kiosk.command_line.manual import ASSETS, PACKS, ExitCode, closing
from kiosk.ui.fonts import FontBook, FontsMissing

if TYPE_CHECKING:  # Pillow and numpy are loaded by whoever paints, not by every command of the kiosk
    from kiosk.card_face.painter import FacePainter

DEFAULT_LAYOUT: Final = Path("config/card_faces/national.toml")
DEFAULT_FONTS: Final = Path("assets/fonts")


class Exit(ExitCode):
    """Exit codes of ``kiosk card-face``; scripts rely on them."""

    PRINTABLE = 0
    USAGE = 2, "wrong arguments"
    LAYOUT = 10, "the layout has faults; each is told on a line of its own"
    REFUSED = 11, "no card is printed with these data; says why"
    GLYPH_MISSING = 12, "a name has characters that no font of the layout has"
    NO_FILE = 13, "a file can't be read or written"
    NO_FONTS = 14, "set-up has not built the fonts"


_EXAMPLES: Final = {
    "preview": {
        "kiosk card-face preview face.png --name 张三 --number 11010519491231002X "
        "--card-number A00000006 --issued-on 2026-05-04 --portrait portrait.jpg": "a card as it will look",
    },
    "glyphs": {
        "kiosk card-face glyphs 张三": "nothing is printed where every character can be",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``card-face preview`` and ``card-face glyphs`` to the kiosk's commands."""
    card_face = subparsers.add_parser("card-face", help="try a layout of the card's printed face")
    commands = card_face.add_subparsers(dest="action", required=True)
    preview = commands.add_parser(
        "preview",
        help="write the card as it will look, in true size at 300 dpi, with what stands on the blank",
    )
    preview.add_argument("out", type=Path, metavar="OUT", help="PNG; it holds the face and the data")
    preview.add_argument("--name", required=True)
    preview.add_argument("--number", required=True, help="social security number")
    preview.add_argument("--card-number", required=True, help="nine characters, the last of which checks the others")
    preview.add_argument("--issued-on", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    preview.add_argument(
        "--expires-on", type=date.fromisoformat, metavar="YYYY-MM-DD", help="where the layout prints it"
    )
    preview.add_argument("--portrait", required=True, type=Path, metavar="FILE", help="as kiosk photo make writes it")
    glyphs = commands.add_parser(
        "glyphs",
        help="tell which characters of a name no font of the layout has",
    )
    glyphs.add_argument("name", metavar="NAME")
    for command in (preview, glyphs):
        command.add_argument(
            "--layout", type=Path, default=DEFAULT_LAYOUT, metavar="FILE", help=f"default {DEFAULT_LAYOUT}"
        )
        command.add_argument(
            "--fonts", type=Path, default=DEFAULT_FONTS, metavar="DIR", help=f"default {DEFAULT_FONTS}"
        )
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], ASSETS | PACKS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    from kiosk.card_face.painter import FacePainter  # noqa: PLC0415 - see above

    try:
        painter = FacePainter(load_layout(args.layout), FontBook(args.fonts))
        if args.action == "glyphs":
            return _glyphs(painter, args.name)
        particulars = Particulars(args.name, args.number, args.card_number, args.issued_on, args.expires_on)
        return _preview(painter, particulars, args.portrait, args.out)
    except LayoutError as error:
        print(error, file=sys.stderr)
        return Exit.LAYOUT
    except CardFaceError as error:
        print(f"kiosk card-face: {error}", file=sys.stderr)
        return Exit.GLYPH_MISSING if isinstance(error, GlyphMissing) else Exit.REFUSED
    except FontsMissing as error:
        print(f"kiosk card-face: {error}", file=sys.stderr)
        return Exit.NO_FONTS
    except OSError as error:
        print(f"kiosk card-face: {error}", file=sys.stderr)
        return Exit.NO_FILE


def _glyphs(painter: "FacePainter", name: str) -> int:
    missing = painter.missing_glyphs(name)
    for char in missing:
        print(f"U+{ord(char):04X}")
    return Exit.GLYPH_MISSING if missing else Exit.PRINTABLE


def _preview(painter: "FacePainter", particulars: Particulars, portrait: Path, out: Path) -> int:
    picture = painter.picture(particulars, portrait.read_bytes())
    part = out.with_name(out.name + ".part")
    part.write_bytes(picture)
    os.replace(part, out)  # noqa: PTH105 - the whole picture or none
    print(f"{out}: {len(picture)} bytes")
    return Exit.PRINTABLE
