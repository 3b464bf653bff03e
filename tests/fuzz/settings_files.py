"""What a technician or an operator may spoil by hand: region packs, the holiday calendar and ``kiosk.toml``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from central.region_rules import RegionRulesRefused, load_region_rules
from central.settings import SettingsRefused, load_settings
from kiosk.configuration import Configuration, ConfigurationError, load_configuration
from kiosk.policy.pack import Pack, PackError, load_pack
from kiosk.records.working_days import CalendarError, load_calendar
from tests.fuzz.decisions import Decisions
from tests.fuzz.in_memory import folder_in_memory
from tests.fuzz.target import Check, Target, require

REGIONS: Final = Path(__file__).parents[2] / "config" / "regions"
HOLIDAYS: Final = Path(__file__).parents[2] / "config" / "holidays"
MOST_WORDS: Final = 20_000
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
handbook = "handbook"
outlets = "outlets"
assets = "assets"
"""

CENTRE_TOML: Final = """\
database = "sqlite:///centre.db"
tls_key = "tls.key"
pin_tries = 6
ca_certificate = "ca.pem"
tls_certificate = "tls.pem"
signing_key = "signing.key"
opening_key = "opening.key"
card_master_keys = "card_master_keys.json"
storage_key = "storage.key"
host = "127.0.0.1"
port = 8443
"""
RULES_TOML: Final = """\
[beijing]
temporary_loss_days = 10
lifting = true
[jiangxi]
temporary_loss_days = 5
lifting = true
lifting_until_replacement = true
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


def _read_pack(path: Path) -> str:
    try:
        pack = load_pack(path)
    except PackError as error:
        require(str(path) in str(error), "the error names the file")
        require(len(str(error)) < MOST_WORDS, "an error is a few lines, not a file")
        return "refused"
    require(isinstance(pack, Pack) and pack.key == path.stem, "a pack is what its file is named")
    return "loaded"


def _read_calendar(path: Path) -> str:
    try:
        calendar = load_calendar(path)
    except CalendarError as error:
        require(str(path) in str(error), "the error names the file")
        require(len(str(error)) < MOST_WORDS, "an error is a few lines, not a file")
        return "refused"
    require(all(year == notice.year for year, notice in calendar.notices.items()), "each notice is of its year")
    return "loaded"


def _read_configuration(path: Path) -> str:
    try:
        configuration = load_configuration(path)
    except ConfigurationError as error:
        require(str(path) in str(error), "the error names the file")
        require(len(str(error)) < MOST_WORDS, "an error is a few lines, not a file")
        return "refused"
    require(isinstance(configuration, Configuration), "a configuration")
    return "loaded"


def _read_settings(path: Path) -> str:
    try:
        load_settings(path)
    except SettingsRefused as error:
        require(str(path) in str(error), "the error names the file")
        return "refused"
    return "loaded"


def _read_rules(path: Path) -> str:
    try:
        load_region_rules(path)
    except RegionRulesRefused as error:
        require(str(path) in str(error), "the error names the file")
        return "refused"
    return "loaded"


def _reading(name: str, whole: Callable[[], bytes], read: Callable[[Path], str]) -> Target:
    """A target for one kind of file; ``name`` is the file's."""

    @contextmanager
    def prepare() -> Iterator[Check]:
        with folder_in_memory() as folder:
            path, text = folder / name, whole()

            def check(case: bytes) -> str:
                decisions = Decisions(case)
                path.write_bytes(decisions.rest() if decisions.chance(8) else edited(text, decisions))
                return read(path)

            yield check

    return Target(
        name=f"settings-{path_name(name)}",
        engine="atheris",
        prepare=prepare,
        seeds=_edit_seeds,
        reached=frozenset({"loaded", "refused"}),
        examples=150,
    )


def path_name(name: str) -> str:
    """A file's name as a target's."""
    return name.replace(".", "-").replace("_", "-")


def _edit_seeds() -> list[bytes]:
    """Each kind of edit once, a spoilt value on some lines, a file that is no text at all, one that is too deep."""
    one_edit = [bytes([0, 1, line, kind, 1, 0]) for kind in (0, 1, 2, 4, 5) for line in (2, 9)]
    values = [bytes([0, 1, line, 3, value]) for value in range(len(_VALUES)) for line in (1, 3)]
    return [b"\0\0", *one_edit, *values, b"\7\xff\xfe", b"\7a = 1", b"\7a =" + b" [" * 3000]


PACKS: Final = _reading("zhumadian.toml", (REGIONS / "zhumadian.toml").read_bytes, _read_pack)
CALENDAR: Final = _reading("china.toml", (HOLIDAYS / "china.toml").read_bytes, _read_calendar)
CONFIGURATION: Final = _reading("kiosk.toml", KIOSK_TOML.encode, _read_configuration)
CENTRE: Final = _reading("centre.toml", CENTRE_TOML.encode, _read_settings)
RULES: Final = _reading("region_rules.toml", RULES_TOML.encode, _read_rules)
