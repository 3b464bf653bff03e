#!/usr/bin/env python3
"""Make assets/fonts from Debian's fonts-noto-cjk and fonts-hanazono.

Interface fonts are cut down to GB 2312, Latin, and whatever our own words and region packs use: a small font opens fast
and costs little memory at each size. Names get whole fonts, since a name may hold any character of GB 18030.
The collection's first face has Japanese shapes, so the Chinese face is picked by its name.
"""

import hashlib
import json
import shutil
import sys
from itertools import chain
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

ROOT: Final = Path(__file__).resolve().parent.parent
FONTS: Final = ROOT / "assets" / "fonts"
NOTO: Final = Path("/usr/share/fonts/opentype/noto")
HANAZONO: Final = Path("/usr/share/fonts/truetype/hanazono")
FACE: Final = "Noto Sans CJK SC"

INTERFACE: Final = {"interface": NOTO / "NotoSansCJK-Regular.ttc", "interface-bold": NOTO / "NotoSansCJK-Bold.ttc"}
NAMES: Final = {"names": NOTO / "NotoSansCJK-Regular.ttc"}
COPIES: Final = {"hanamin-a": HANAZONO / "HanaMinA.ttf", "hanamin-b": HANAZONO / "HanaMinB.ttf"}
PACKAGE: Final = {NOTO: "fonts-noto-cjk", HANAZONO: "fonts-hanazono"}
SEARCHED: Final = (
    "kiosk/**/*.py",
    "kiosk/**/*.kv",
    "config/**/*.toml",
    "assets/places.toml",
    "assets/translations/**/*.po",
)


def wanted_characters() -> set[int]:
    """What the interface may have to show."""
    wanted = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180)) | set(range(0x2010, 0x2027)) | set(range(0x2460, 0x2474))
    wanted |= set(range(0x3000, 0x3020)) | set(range(0xFF01, 0xFF5F))
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            wanted |= {ord(char) for char in bytes((row, cell)).decode("gb2312", "ignore")}
    for pattern in SEARCHED:
        for path in ROOT.glob(pattern):
            wanted |= {ord(char) for char in path.read_text(encoding="utf-8")}
    return wanted - set(range(0x20)) - {0x7F}


def main() -> int:
    """Build what is out of date.

    :raises SystemExit: a Debian package is missing.
    """
    sources = sorted({*INTERFACE.values(), *NAMES.values(), *COPIES.values()})
    missing = sorted({PACKAGE[path.parent] for path in sources if not path.is_file()})
    if missing:
        raise SystemExit(f"fonts are missing; install them with: apt-get install {' '.join(missing)}")
    wanted = wanted_characters()
    stamp = _stamp(sources, wanted)
    coverage_file = FONTS / "coverage.json"
    made = {name: FONTS / f"{name}.otf" for name in (*INTERFACE, *NAMES)} | {n: FONTS / f"{n}.ttf" for n in COPIES}
    if coverage_file.is_file() and all(path.is_file() for path in made.values()):
        built = json.loads(coverage_file.read_text())
        if built.get("stamp") == stamp:
            print("fonts: up to date")
            return 0
    FONTS.mkdir(parents=True, exist_ok=True)
    coverage: dict[str, list[list[int]]] = {}
    for name, source in chain(INTERFACE.items(), NAMES.items()):
        font = _chinese_face(source)
        if name in INTERFACE:
            _cut_down(font, wanted)
        font.save(made[name])
        coverage[name] = _ranges(set(font.getBestCmap()))
        print(f"fonts: {made[name].name}, {made[name].stat().st_size // 1024} KiB")
    for name, source in COPIES.items():
        shutil.copyfile(source, made[name])
        coverage[name] = _ranges(set(TTFont(source, lazy=True).getBestCmap()))
        print(f"fonts: {made[name].name}, copied")
    files = {name: path.name for name, path in made.items()}
    coverage_file.write_text(json.dumps({"stamp": stamp, "files": files, "ranges": coverage}) + "\n")
    return 0


def _stamp(sources: list[Path], wanted: set[int]) -> str:
    """Changes when a source font, the wanted characters or this program change."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sources:
        stat = path.stat()
        digest.update(f"{path} {stat.st_size} {int(stat.st_mtime)}\n".encode())
    digest.update(json.dumps(sorted(wanted)).encode())
    return digest.hexdigest()


def _chinese_face(source: Path) -> TTFont:
    with TTCollection(source, lazy=True) as collection:
        numbers = [n for n, font in enumerate(collection.fonts) if font["name"].getBestFamilyName() == FACE]
    if not numbers:
        raise SystemExit(f"{source} holds no face named {FACE}")
    return TTFont(source, fontNumber=numbers[0], recalcTimestamp=False)


def _cut_down(font: TTFont, wanted: set[int]) -> None:
    options = Options()
    options.layout_features = []  # a line's width is then the sum of its advances, the same for every renderer
    options.name_IDs = ["*"]  # the licence travels in the name table
    options.notdef_outline = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)


def _ranges(characters: set[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for code in sorted(characters):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


if __name__ == "__main__":
    sys.exit(main())
