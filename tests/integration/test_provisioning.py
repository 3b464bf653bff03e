"""``kiosk provision``: a bare folder becomes a terminal that its centre knows, however often it is interrupted."""

import argparse
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import pypdfium2
import pytest
from sqlalchemy import select

from central.enrolment_codes import make_code, package
from central.readiness import readiness_reports
from central.tables import Alarm, TerminalLedger
from kiosk.__main__ import main
from kiosk.command_line import provision
from kiosk.configuration import load_configuration
from kiosk.credentials import read_terminal_key
from kiosk.records.enrolment import EnrolmentPackage
from kiosk.records.readiness import HandInReadiness, ReadinessReport
from kiosk.technician.configuring import settings
from kiosk.technician.provisioning import PACKAGE, Answers, NotAllowed, begin, enrol, held, missing, take_devices, write
from kiosk.technician.scan import Found
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import READER_NAME
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from tests.centre import REPOSITORY, RunningCentre
from tests.kill_points import killed_before

pytestmark = pytest.mark.stack
PLACE = "市人社局一楼大厅东侧"
NEW = "zmd-0009"


@dataclass
class BareMachine:
    """A folder with the pattern of ``kiosk.toml``, and devices on its ports."""

    folder: Path
    centre: RunningCentre

    def __post_init__(self) -> None:
        (self.folder / "state").mkdir(parents=True)
        text = (REPOSITORY / "deploy" / "kiosk.toml").read_text(encoding="utf-8")
        for installed, here in (
            ("/var/lib/card-terminal/credentials", "credentials"),
            ("/var/lib/card-terminal", "state"),
            ("/opt/card-terminal", str(REPOSITORY)),
        ):
            assert f'"{installed}' in text
            text = text.replace(f'"{installed}', f'"{here}')
        self.pattern.write_text(text, encoding="utf-8")

    @property
    def pattern(self) -> Path:
        return self.folder / "pattern.toml"

    @property
    def file(self) -> Path:
        return self.folder / "kiosk.toml"

    def package(self, terminal: str = NEW) -> EnrolmentPackage:
        code = make_code(self.centre.database, terminal, "zhumadian", self.centre.clock)
        return package(self.centre.settings, self.centre.keys, terminal, "zhumadian", code, self.centre.url)

    def stick(self, terminal: str = NEW) -> Path:
        stick = self.folder / "enrolment.json"
        stick.write_bytes(msgspec.json.encode(self.package(terminal)))
        return stick

    def answers(self, text: str = "", *, reader: str = READER_NAME) -> Path:
        file = self.folder / "answers.toml"
        chosen = f'[devices]\ncard_reader = "{reader}"\n' if reader else ""
        file.write_text(f'place = "{PLACE}"\n{text}\n{chosen}', encoding="utf-8")
        return file

    def provision(self, *words: str) -> int:
        ports = [word for name in ("pin-pad", "id-reader", "printer") for word in ("--port", str(self.folder / name))]
        return main(["provision", "--config", str(self.file), "--pattern", str(self.pattern), *ports, *words])

    def reports(self) -> list[ReadinessReport]:
        with self.centre.database.reading() as session:
            return [msgspec.json.decode(row.report, type=ReadinessReport) for row in readiness_reports(session, NEW)]

    def ledgers(self, terminal: str = NEW) -> int:
        with self.centre.database.reading() as session:
            return len(session.scalars(select(TerminalLedger).where(TerminalLedger.terminal == terminal)).all())


@pytest.fixture
def bare(tmp_path: Path, centre: RunningCentre) -> BareMachine:
    return BareMachine(tmp_path, centre)


@pytest.fixture
def machine(bare: BareMachine, slot: object) -> Iterator[BareMachine]:
    with contextlib.ExitStack() as open_until_the_end:
        for device in (
            PadSimulator("sunson", link=bare.folder / "pin-pad"),
            IdReaderSimulator(link=bare.folder / "id-reader"),
            PrinterSimulator(link=bare.folder / "printer"),
        ):
            open_until_the_end.callback(device.close)
        yield bare


def test_a_bare_folder_becomes_a_terminal_that_is_ready(
    machine: BareMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--package", str(machine.stick()), "--answers", str(machine.answers()))
    assert machine.provision(*words) == 0, capsys.readouterr()
    assert main(["doctor", "--config", str(machine.file)]) == 0
    told = {one.key: one.value for one in settings(machine.file)}
    assert told["terminal.id"] == f'"{NEW}"'
    assert told["id_reader.port"] == f'"{machine.folder / "id-reader"}"'
    assert told["receipt_printer.port"] == f'"{machine.folder / "printer"}"'
    assert "# the number that the centre gave this terminal" in machine.file.read_text(encoding="utf-8")
    for key in (machine.folder / "credentials").iterdir():
        assert key.stat().st_mode & 0o077 == 0
    (report,) = machine.reports()
    assert (report.passed, report.place, report.terminal) == (True, PLACE, NEW)
    devices = {one.kind: one for one in report.devices}
    assert devices.keys() == {"card_reader", "pin_pad", "id_reader", "receipt_printer"}
    assert "serial" in devices["pin_pad"].told
    assert {one.check: one.state for one in report.checks}["sign_in"] == "well"
    # What lies at the terminal is what the centre has, and its paper can be read.
    configuration = load_configuration(machine.file)
    kept = msgspec.json.decode((machine.folder / "state" / "readiness.json").read_bytes(), type=HandInReadiness)
    assert kept.genuine(read_terminal_key(configuration).public_key()) == report
    pages = list(pypdfium2.PdfDocument(machine.folder / "state" / "readiness.pdf"))
    paper = "".join(page.get_textpage().get_text_range() for page in pages)
    for word in ("就绪报告", "合格，可以服务", PLACE, NEW, "读卡器 card reader", kept.fingerprint):
        assert word in paper
    picture = pages[0].render(scale=4).to_numpy()
    height, width = picture.shape[:2]
    corner = picture[: height // 4, 2 * width // 3 :].copy()
    code, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(corner)
    assert f"{NEW}\n{report.made_at_ms}\nready\nsha256 {kept.digest.hex()}\nEd25519 {kept.signature.hex()}" in code
    # Once more, the code in the package long used: all stays, and a new report is handed in.
    assert machine.provision(*words) == 0
    assert len(machine.reports()) == 2
    assert machine.ledgers() == 1
    assert main(["readiness", "--config", str(machine.file)]) == 0
    assert len(machine.reports()) == 3


def test_a_terminal_with_a_fault_is_not_ready_and_the_centre_knows_it(
    machine: BareMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = machine.pattern.read_text(encoding="utf-8")
    machine.pattern.write_text(f'{pattern}\n[camera]\nsource = "/dev/no-such-camera"\n', encoding="utf-8")
    assert machine.provision("--package", str(machine.stick()), "--answers", str(machine.answers())) == 41
    (report,) = machine.reports()
    assert report.passed is False
    assert {one.check for one in report.checks if one.state == "fault"} == {"camera"}
    assert "不合格" in capsys.readouterr().out


def carried_out(machine: BareMachine, answers: Answers, found: tuple[Found, ...]) -> None:
    """All that changes anything, without the devices themselves."""
    begin(machine.file, machine.pattern)
    write(machine.file, answers)
    enrol(load_configuration(machine.file), answers.code)
    take_devices(machine.file, found, answers.devices)


FOUND = (
    Found("card_reader", "Reader 00 00", "a PC/SC reader"),
    Found("pin_pad", "/dev/ttyUSB0", "sunson V1, serial 7"),
    Found("receipt_printer", "/dev/ttyUSB1", "at 57600 baud", 57600),
)


def test_killed_before_any_line_it_is_run_again_and_goes_on(bare: BareMachine) -> None:
    """Every thirteenth line of those that change anything."""
    line, number, killed = 2, 0, True
    while killed:
        number += 1
        terminal = f"zmd-1{number:03d}"
        machine = BareMachine(bare.folder / terminal, bare.centre)
        told = machine.package(terminal)
        answers = PACKAGE.take(Answers(language="zh", place=PLACE), msgspec.json.encode(told).decode(), ["zhumadian"])

        def work(
            begin_counting: Callable[[], None], machine: BareMachine = machine, answers: Answers = answers
        ) -> None:
            begin_counting()
            carried_out(machine, answers, FOUND)

        killed = killed_before(
            line, work, "kiosk/technician/provisioning.py", "kiosk/technician/configuring.py", "kiosk/credentials.py"
        )
        carried_out(machine, answers, FOUND)
        assert missing(held(machine.file)) == ()
        configuration = load_configuration(machine.file)
        assert (configuration.terminal.id, configuration.card_reader.name) == (terminal, "Reader 00 00")
        assert configuration.receipt_printer is not None
        assert configuration.receipt_printer.baud_rate == 57600
        assert machine.ledgers(terminal) == 1
        line += 13
    assert number > 8
    with bare.centre.database.reading() as session:
        assert session.scalars(select(Alarm)).all() == []


def test_somebody_types_the_answers_and_is_told_what_is_allowed(
    machine: BareMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    told = machine.package()
    ca, keys = machine.folder / "given-ca.pem", machine.folder / "given.json"
    ca.write_text(told.ca_certificate, encoding="ascii")
    keys.write_bytes(msgspec.json.encode(machine.centre.public))
    typed = iter(
        [
            *("", "", "atlantis", "zhumadian", "zmd/9", NEW, "", PLACE),
            *("http://centre", told.url, "/nowhere.pem", str(keys), str(ca), str(keys)),
            *("ACDEF", told.code.lower(), READER_NAME),
        ]
    )
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return next(typed)

    parser_words = ["--config", str(machine.file), "--pattern", str(machine.pattern), "--language", "en"]
    ports = [word for name in ("pin-pad", "id-reader", "printer") for word in ("--port", str(machine.folder / name))]
    assert provision.run(parsed([*parser_words, *ports]), ask) == 0
    assert list(typed) == []
    said = capsys.readouterr().out
    for words in (
        "'atlantis'; allowed: ", "'zmd/9'; allowed: the centre's number", "0 characters; allowed: 1 to 60",
        "'http://centre'; allowed: https://", "/nowhere.pem: No such file", "no certificate of an authority",
        "a code has 20", "the centre knows this terminal: zmd-0009, zhumadian",
    ):  # fmt: skip
        assert words in said
    assert "2 × card_reader; one of " in asked[-1]
    stands = held(machine.file)
    assert (stands.region, stands.terminal, stands.place, stands.centre) == ("zhumadian", NEW, PLACE, told.url)


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    provision.add_parser(parser.add_subparsers(), Path("kiosk.toml"))
    return parser.parse_args(["provision", *words])


def test_what_no_file_answers_is_named_all_at_once(bare: BareMachine, capsys: pytest.CaptureFixture[str]) -> None:
    assert bare.provision("--answers", str(bare.answers()), "--language", "en") == 64
    told = capsys.readouterr().err
    for word in ("terminal", "centre", "ca", "keys"):
        assert f"{word} (" in told
    assert "place (" not in told
    assert held(bare.file).terminal == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('region = "atlantis"', "'atlantis'; allowed: beijing"),
        ('place = "x"\ncolour = "red"', "colour"),
        ('centre = "https://centre.example/v1"', "allowed: https://"),
        ('ca = "pattern.toml"', "no certificate of an authority"),
        ('keys = "pattern.toml"', "centre.json"),
        ('package = "pattern.toml"', "enrolment.json"),
        ('code = "ABC"', "sign 2 is 'B'"),
        ('[devices]\nbell = "/dev/bell"', "allowed: card_reader, pin_pad"),
    ],
)
def test_a_wrong_answer_says_what_was_found_and_what_is_allowed(
    bare: BareMachine, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file = bare.folder / "answers.toml"
    file.write_text(text, encoding="utf-8")
    assert bare.provision("--answers", str(file), "--language", "en") == 64
    assert told in capsys.readouterr().err


def test_two_of_a_kind_and_nobody_to_choose(machine: BareMachine, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--package", str(machine.stick()), "--language", "en", "--answers")
    assert machine.provision(*words, str(machine.answers(reader=""))) == 64
    assert f"2 × card_reader; allowed: one of {READER_NAME}" in capsys.readouterr().err
    assert machine.reports() == []


def test_a_choice_that_names_none_and_a_device_that_all_need(bare: BareMachine) -> None:
    begin(bare.file, bare.pattern)
    with pytest.raises(NotAllowed, match="card_reader ACS; allowed: Reader 00 00"):
        take_devices(bare.file, FOUND, {"card_reader": "ACS"})
    with pytest.raises(NotAllowed, match="no card_reader; allowed: plug one in"):
        take_devices(bare.file, FOUND[1:], {})
    assert [one.kind for one in take_devices(bare.file, FOUND, {})] == ["card_reader", "pin_pad", "receipt_printer"]
    assert [one.kind for one in take_devices(bare.file, FOUND[1:], {})] == ["pin_pad", "receipt_printer"]
    assert load_configuration(bare.file).card_reader.name == "Reader 00 00"
    # One that stands there already needs no choice, by whatever name it goes.
    twins = (Found("card_reader", "Reader 00 00", ""), Found("card_reader", "Reader 01 00", ""))
    assert take_devices(bare.file, twins, {})[0].name == "Reader 00 00"


def test_a_code_that_the_centre_refuses(bare: BareMachine, capsys: pytest.CaptureFixture[str]) -> None:
    stick = bare.stick()
    told = msgspec.json.decode(stick.read_bytes(), type=EnrolmentPackage)
    bare.package()  # a newer one takes its place
    words = ("--package", str(stick), "--answers", str(bare.answers()))
    assert bare.provision(*words) == 77
    said = capsys.readouterr()
    assert "登记码不对" in said.err
    assert told.code not in said.out + said.err
    assert not any(
        told.code.encode() in file.read_bytes() for file in bare.folder.rglob("*") if file.is_file() and file != stick
    )


def test_another_machine_with_the_same_package(
    bare: BareMachine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = bare.stick()
    answers = PACKAGE.take(Answers(place=PLACE), stick.read_text(), ["zhumadian"])
    carried_out(bare, answers, FOUND)
    other = BareMachine(tmp_path / "other", bare.centre)
    assert other.provision("--package", str(stick), "--answers", str(other.answers())) == 77
    assert "别的机器" in capsys.readouterr().err
    with bare.centre.database.reading() as session:
        assert [one.kind for one in session.scalars(select(Alarm))] == ["second_identity"]


def test_without_the_centre_it_stops_and_goes_on_later(
    bare: BareMachine, own_centre: RunningCentre, capsys: pytest.CaptureFixture[str]
) -> None:
    bare.centre = own_centre
    stick = bare.stick()
    own_centre.stop()
    assert bare.provision("--package", str(stick), "--answers", str(bare.answers())) == 69
    assert "没有连上中心" in capsys.readouterr().err
    own_centre.start()
    carried_out(bare, PACKAGE.take(held(bare.file), stick.read_text(), ["zhumadian"]), FOUND)
    own_centre.stop()
    assert main(["readiness", "--config", str(bare.file)]) == 69
    assert json.loads((bare.folder / "state" / "readiness.json").read_text())["signature"]
    own_centre.start()


def test_a_folder_that_can_not_be_written_is_named(bare: BareMachine, capsys: pytest.CaptureFixture[str]) -> None:
    bare.pattern.unlink()
    assert bare.provision("--answers", str(bare.answers())) == 73
    assert "pattern.toml" in capsys.readouterr().err
    assert not bare.file.exists()
