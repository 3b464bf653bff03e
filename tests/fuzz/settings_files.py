"""What a technician or an operator may spoil by hand: region packs and ``kiosk.toml``."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kiosk.configuration import Configuration, ConfigurationError, load_configuration
from kiosk.policy.pack import Pack, PackError, load_pack
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Check, Target, require

REGIONS: Final = Path(__file__).parents[2] / "config" / "regions"
KIOSK_TOML: Final = """\
[terminal]
id = "zmd-0001"
region = "zhumadian"
state = "state"
credentials = "/etc/kiosk/credentials"

[display]
width = 1080
height = 1920
fullscreen = false
language = "zh"

[card_reader]
name = "Virtual PCD"

[pin_pad]
port = "/dev/ttyUSB0"
dialect = "sunson"

[centre]
url = "https://127.0.0.1:8443"
ca = "ca.pem"
keys = "centre.json"

[paths]
regions = "regions"
assets = "assets"
"""


def edited(text: bytes, decisions: Decisions) -> bytes:
    """The file after a few edits: lines taken out, doubled, put elsewhere, cut, and any bytes put in."""
    lines = text.split(b"\n")
    for _ in range(decisions.number(5)):
        at = decisions.number(len(lines))
        match decisions.number(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(decisions.number(len(lines)), lines[at])
            case 2:
                lines[at] = lines[at][: decisions.number(len(lines[at]) + 1)]
            case 3:
                key, equals, _ = lines[at].partition(b"=")
                lines[at] = key + equals + decisions.choice(_VALUES)
            case 4:
                lines[at] = decisions.chunk()
            case _:
                place = decisions.number(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + decisions.chunk() + lines[at][place:]
        lines = lines or [b""]
    return b"\n".join(lines)


_VALUES: Final = (
    b' ""', b" -1", b" 1e400", b" nan", b" true", b" []", b" {}", b' ["a"]', b" 2026-01-01", b" 99999999999999999999",
    b' "\\u0000"', b' "\\U0010FFFF"', b" [" * 3000, b" {a=" * 3000, b" 07:32:00", b' {zh = "", en = ""}',
    b' { basis = "source", value = 1 }', b' "\xff"',
)  # fmt: skip


@contextmanager
def _read_by(name: str, whole: bytes, read: Callable[[Path], str]) -> Iterator[Check]:
    folder_in_memory = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # of our own name
    with tempfile.TemporaryDirectory(dir=folder_in_memory) as folder:
        path = Path(folder) / name

        def check(case: bytes) -> str:
            decisions = Decisions(case)
            path.write_bytes(decisions.rest() if decisions.chance(8) else edited(whole, decisions))
            return read(path)

        yield check


def _read_pack(path: Path) -> str:
    try:
        pack = load_pack(path)
    except PackError as error:
        require(str(path) in str(error), "the error names the file")
        require(len(str(error)) < 2000, "an error is a line, not a file")
        return "refused"
    require(isinstance(pack, Pack) and pack.key == path.stem, "a pack is what its file is named")
    return "loaded"


def _read_configuration(path: Path) -> str:
    try:
        configuration = load_configuration(path)
    except ConfigurationError as error:
        require(str(path) in str(error), "the error names the file")
        require(len(str(error)) < 2000, "an error is a line, not a file")
        return "refused"
    require(isinstance(configuration, Configuration), "a configuration")
    return "loaded"


@contextmanager
def _packs() -> Iterator[Check]:
    whole = (REGIONS / "zhumadian.toml").read_bytes()
    with _read_by("zhumadian.toml", whole, _read_pack) as check:
        yield check


@contextmanager
def _configurations() -> Iterator[Check]:
    with _read_by("kiosk.toml", KIOSK_TOML.encode(), _read_configuration) as check:
        yield check


def _edit_seeds() -> list[bytes]:
    """Each kind of edit once, a spoilt value on some lines, and a file that is no text at all."""
    one_edit = [bytes([0, 1, line, kind, 1, 0]) for kind in (0, 1, 2, 4, 5) for line in (2, 9)]
    values = [bytes([0, 1, 3, 3, value]) for value in range(len(_VALUES))]
    return [b"\0\0", *one_edit, *values, b"\7\xff\xfe", b"\7a = 1"]


PACKS: Final = Target(
    name="settings-packs",
    engine="atheris",
    prepare=_packs,
    seeds=_edit_seeds,
    reached=frozenset({"loaded", "refused"}),
    examples=250,
)
CONFIGURATION: Final = Target(
    name="settings-kiosk-toml",
    engine="atheris",
    prepare=_configurations,
    seeds=_edit_seeds,
    reached=frozenset({"loaded", "refused"}),
    examples=300,
)
