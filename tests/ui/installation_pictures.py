"""``python -m tests.ui.installation_pictures``: draw the pictures of docs/installation.md anew, in both languages.

A bare machine is set up by the assistant's own pages, with simulated devices and a centre, and looked over by a
technician. Each page is drawn by a real window on a virtual display and put into ``docs/pictures``. All lies where it
does on an installed machine, in mounts that this process alone sees, so it needs root. Codes and keys are new each
time, so a picture differs where one of them stands on it.
"""

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, Never

import msgspec
from PIL import Image

from central.enrolment_codes import make_code, package
from kiosk import bootstrap
from kiosk.configuration import Configuration, load_configuration
from kiosk.journeys.technician_views import Act, Page, TechnicianPage
from kiosk.journeys.views import View
from kiosk.records.enrolment import EnrolmentPackage
from kiosk.records.technician import Role
from kiosk.technician.admission import Admission
from kiosk.technician.desk import Desk, Visit
from kiosk.technician.first_run import FirstRunDesk
from kiosk.technician.front_desk import Devices, FrontDesk
from kiosk.technician.provisioning import begin
from kiosk.technician.scan import scan
from kiosk.ui.settings import Preferences
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import READER_NAME, PrivatePcscd
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from tests.centre import RunningCentre
from tests.ui.display import ROOT, DrivenWindow, virtual_display
from tests.ui.scenes import SCENES

PICTURES: Final = ROOT / "docs" / "pictures"
LANGUAGES: Final = ("zh", "en")
NAMES: Final = (
    "setup-begins", "setup-language", "setup-package", "setup-place", "setup-code", "setup-devices", "setup-report",
    "first-screen", "way-in", "findings",
)  # fmt: skip
"""In the order of the work."""
LARGEST: Final = 60_000
"""Bytes of a picture: the repository keeps every one that ever was."""
SETTINGS: Final = Path("/etc/kiosk/kiosk.toml")
PORTS: Final = Path("/dev/card-terminal")
TERMINAL, REGION = "zmd-0001", "zhumadian"
INSIDE: Final = """
set -eu
for part in etc opt var/lib dev; do
    name=$(echo "$part" | tr / -)
    mkdir -p "$1/$name.upper" "$1/$name.work"
    mount -t overlay overlay -o "lowerdir=/$part,upperdir=$1/$name.upper,workdir=$1/$name.work" "/$part"
done
mount -t devpts devpts /dev/pts
mkdir -p /opt/card-terminal /etc/kiosk /var/lib/card-terminal
mount --bind . /opt/card-terminal
shift
exec "$@"
"""
"""An installed machine's places, with these sources in that of the application."""
_SCREEN: Final = (1080, 1920)
_SIZE: Final = (405, 720)
_QUALITY: Final = 72


def file_of(name: str, language: str) -> Path:
    """Where a picture lies."""
    return PICTURES / f"{name}.{language}.webp"


@contextlib.contextmanager
def bare_machine(scratch: Path) -> Iterator[EnrolmentPackage]:
    """A machine as it was installed, its devices, and a centre that has made a package for it."""
    with contextlib.ExitStack() as until_the_end:
        daemon = until_the_end.enter_context(PrivatePcscd(scratch))
        os.environ.update(daemon.environment)
        centre = until_the_end.enter_context(RunningCentre(scratch))
        begin(SETTINGS, ROOT / "deploy" / "kiosk.toml")
        PORTS.mkdir()
        for device in (
            PadSimulator("sunson", link=PORTS / "pin-pad"),
            IdReaderSimulator(link=PORTS / "id-reader"),
            PrinterSimulator(link=PORTS / "receipt-printer"),
        ):
            until_the_end.callback(device.close)
        code = make_code(centre.database, TERMINAL, REGION, centre.clock)
        yield package(centre.settings, centre.keys, TERMINAL, REGION, code, centre.url)


def setting_up(given: EnrolmentPackage) -> Iterator[tuple[str, View]]:
    """From the first page to the report."""
    stick = {"enrolment.json": msgspec.json.encode(given).decode()}
    desk = FirstRunDesk(
        SETTINGS, packages=lambda: stick, look=lambda: tuple(scan(str(port) for port in sorted(PORTS.iterdir())))
    )
    yield "setup-begins", TechnicianPage(desk.page("home"))
    yield "setup-language", TechnicianPage(desk.page("language"))
    desk.do("language", "choose:zh", {})
    yield "setup-package", TechnicianPage(desk.page("package"))
    desk.do("package", "choose:enrolment.json", {})
    yield "setup-place", filling(desk.page("place"), {"place": "Hall 1, east"})
    desk.do("place", "take", {"place": "Hall 1, east"})
    yield "setup-code", filling(desk.page("code"), {"code": given.code})
    desk.do("code", "enrol", {})
    desk.do("devices", "look", {})
    # The other one hangs in the card printer.
    desk.do("devices", f"choose:card_reader {READER_NAME} 00 00", {})
    yield "setup-devices", TechnicianPage(desk.page("devices"))
    desk.do("checks", "check", {})
    yield "setup-report", TechnicianPage(desk.do("checks", "report", {}))


def filling(page: Page, filled: dict[str, str]) -> TechnicianPage:
    """A page whose entries somebody fills, with what they have typed."""
    act: Act = next(act for act in page.acts if act.entries)
    return TechnicianPage(page, filling=act.word, filled=filled)


def looked_over() -> Iterator[tuple[str, View]]:
    """What citizens see of it, how a technician comes in, and what is found where a key lies open."""
    configuration = load_configuration(SETTINGS)
    yield "first-screen", SCENES["attract"].view
    yield "way-in", TechnicianPage(way_in(configuration))
    configuration.terminal_key_path.chmod(0o644)
    desk = Desk(Visit(SETTINGS, "1017", Role.FULL, lambda *_: None))
    yield "findings", TechnicianPage(desk.page("findings"))


def way_in(configuration: Configuration) -> Page:
    """The page that asks who it is; nobody is let in here."""

    def nothing(*_: object) -> Never:
        raise AssertionError("nobody has come in")

    ledger = bootstrap.ledger_opener(configuration)()
    with contextlib.closing(ledger):
        desk = FrontDesk(Admission.of(configuration, ledger), Devices(nothing, nothing), nothing)
        return desk.page("entry")


def draw(scratch: Path) -> list[Path]:
    """Draw all of them; the files."""
    made: list[Path] = []
    citizens = SCENES["attract"]

    def script(driven: DrivenWindow) -> Generator[None, None, None]:
        with bare_machine(scratch) as given:
            for name, view in itertools.chain(setting_up(given), looked_over()):
                for language in LANGUAGES:
                    driven.prefer(Preferences(language=language))
                    driven.window.show(replace(citizens, view=view))
                    yield
                    small = driven.pixels().resize(_SIZE, Image.Resampling.LANCZOS)
                    small.save(file_of(name, language), quality=_QUALITY, method=6)
                    made.append(file_of(name, language))

    DrivenWindow(*_SCREEN).run(script)
    return made


def main() -> int:
    """Draw them and tell their sizes; 1 where one is too large."""
    if "--inside" not in sys.argv:
        command = [sys.executable, "-m", "tests.ui.installation_pictures", "--inside"]
        with tempfile.TemporaryDirectory(prefix="installation-pictures-") as scratch:
            inside = ["unshare", "--mount", "sh", "-c", INSIDE, "sh", scratch, *command]
            return subprocess.run(inside, cwd=ROOT, check=False).returncode
    with tempfile.TemporaryDirectory(prefix="terminal-") as scratch, virtual_display(*_SCREEN) as display:
        os.environ["DISPLAY"] = display
        made = draw(Path(scratch))
    sizes = {file: file.stat().st_size for file in made}
    for file, size in sizes.items():
        print(f"{size:7d} {file.relative_to(ROOT)}")
    return 0 if max(sizes.values()) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
