"""``kiosk queue`` and ``kiosk support-bundle`` on a terminal's own folder, beside a real centre."""

import json
import os
import re
import secrets
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from central.enrolment import revoke
from kiosk import bootstrap
from kiosk.technician.support_bundle import LOG_BYTES, scrubbed, write_bundle
from kiosk.technician.waiting import LONGEST_S, Tried, try_now, waiting
from tests.centre import RunningCentre, a_transaction
from tests.terminal import TerminalFolder, running


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    made = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    with bootstrap.ledger_opener(made.configuration)() as ledger:
        ledger.append(a_transaction(), offset_ms=0)
    return made


def test_what_waits_is_shown_and_a_retry_delivers_it(folder: TerminalFolder) -> None:
    shown = folder.run("queue", "show", "--json")
    assert shown.returncode == 44
    assert json.loads(shown.stdout)["waiting"] == 1
    assert json.loads(shown.stdout)["line"] == "the uplink has never run"
    tried = folder.run("queue", "retry")
    assert (tried.returncode, tried.stdout) == (0, "delivered: nothing waits\n")
    assert len(folder.stored()) == 1
    after = folder.run("queue", "show")
    assert after.returncode == 0
    assert "waiting: 0" in after.stdout
    assert "line: sending" in after.stdout


def test_without_the_centre_it_stays_and_is_told_so(folder: TerminalFolder) -> None:
    folder.configure("https://127.0.0.1:1")
    assert folder.run("queue", "retry").returncode == 44
    assert folder.run("queue", "show").returncode == 44


def test_a_try_that_takes_long_ends_and_the_next_goes_on(folder: TerminalFolder) -> None:
    with bootstrap.ledger_opener(folder.configuration)() as ledger:
        ledger.append(a_transaction(), offset_ms=0)
    settings, slow = (
        bootstrap.uplink_settings(folder.configuration),
        iter([0.0, 0.0, LONGEST_S]),
    )  # greeted, and one batch
    assert try_now(settings, lambda: next(slow)) is Tried.UNFINISHED
    assert waiting(settings).count == 0, "what went up stays there"
    assert try_now(settings) is Tried.DELIVERED


def test_a_terminal_that_was_struck_off_is_halted(folder: TerminalFolder) -> None:
    revoke(folder.centre.database, folder.id, time.time)
    assert folder.run("queue", "retry").returncode == 45
    shown = folder.run("queue", "show")
    assert (shown.returncode, "line: halted revoked" in shown.stdout) == (45, True)


def test_beside_a_running_uplink_nothing_is_sent_twice(folder: TerminalFolder) -> None:
    with running(folder.command("uplink")) as uplink:
        uplink.says("runs")
        tried = folder.run("queue", "retry")
    assert tried.returncode == 44
    assert "the uplink" in tried.stdout


def test_a_ledger_that_is_not_there_is_named(folder: TerminalFolder) -> None:
    for file in folder.configuration.ledger_path.iterdir():
        file.unlink()
    shown = folder.run("queue", "show")
    assert shown.returncode == 46
    assert "no ledger" in shown.stderr


PLANTED = ("411702199001011234", "41170219900101123X", "130503670401001", "13812345678", "6217001234567890123",
           "Z12345678", "00112233445566778899AABBCCDDEEFF", "411702 19900101 1234",
           "４１１７０２１９９００１０１１２３４", "+8613812345678", "0086-138-1234-5678", "138 1234 5678",
           "6217 0012 3456 7890 123", "6217-0012-3456-7890")  # fmt: skip
BESIDE = (
    "王小明，{}",
    "{} 王小明",
    '"name": "王小明", "id": "{}"',
    "no{}/阿卜杜热西提·买买提",
    "姓名=欧阳小明 号码={}",
)


def test_no_citizens_data_leave_in_a_bundle(folder: TerminalFolder, tmp_path: Path) -> None:
    log = tmp_path / "other.log"
    log.write_text("".join(f"12:00 other program said 王小明，{one}.\n" for one in PLANTED), encoding="utf-8")
    toml = folder.directory / "kiosk.toml"
    toml.write_text(toml.read_text("utf-8").replace('"pin-pad"', f'"pin-pad-{PLANTED[0]}"'), encoding="utf-8")
    target = tmp_path / "support.tar.gz"
    made = folder.run("support-bundle", str(target), "--log", str(log))
    assert made.returncode == 0, made.stderr
    assert target.stat().st_mode & 0o777 == 0o600
    with tarfile.open(target) as archive:
        files = {name: archive.extractfile(name) for name in archive.getnames()}
        texts = {name: file.read().decode() for name, file in files.items() if file is not None}
    assert {"support/doctor.json", "support/configuration.txt", "support/versions.json", "support/journal.txt",
            "support/logs/1-other.log"} == set(texts)  # fmt: skip
    for text in texts.values():
        for planted in (*PLANTED, "王小明"):
            assert planted not in text
    assert "PRIVATE KEY" not in "".join(texts.values())
    assert json.loads(texts["support/versions.json"])["packages"]["cryptography"]
    found = {one["check"]: one for one in json.loads(texts["support/doctor.json"])}
    assert set(found) >= {"ledger", "pin_pad"}
    assert found["pin_pad"]["advice"]["zh"]  # as `kiosk doctor --json` has it, advice included
    again = folder.run("support-bundle", str(target))
    assert again.returncode == 47  # nothing is written over


@pytest.mark.parametrize("number", PLANTED)
@pytest.mark.parametrize("beside", BESIDE)
def test_a_number_is_known_however_it_is_written_and_takes_the_name_beside_it_along(number: str, beside: str) -> None:
    if beside.startswith("no") and number[0] in "Z0":
        return  # behind a letter, a card's number or a code is a part of another word
    told = scrubbed(f"12:00 x said {beside.format(number)}")
    assert told.startswith("12:00 x said")
    assert number not in told
    assert not re.search("[一-鿿]{2}", told), told
    assert not re.search("[0-9]{5}", told), told


def test_a_cameras_password_is_in_no_bundle_and_on_no_page() -> None:
    told = scrubbed('source = "rtsp://admin:s3cret!@192.168.7.9/live", 摄像头, https://centre/v1 and a@b.example')
    assert told == 'source = "rtsp://[taken out]@192.168.7.9/live", 摄像头, https://centre/v1 and a@b.example'


def test_a_log_without_end_fills_neither_memory_nor_the_archive(folder: TerminalFolder, tmp_path: Path) -> None:
    log, target = tmp_path / "other.log", tmp_path / "support.tar.gz"
    with log.open("wb") as file:
        file.truncate(1 << 36)
        file.seek(0, 2)
        file.write(f"\n411702199001011234\n{'x' * 60}\nthe last line\n".encode())
    write_bundle(target, folder.directory / "kiosk.toml", os.environ, [log])
    with tarfile.open(target) as archive:
        held = archive.extractfile("support/logs/1-other.log")
        assert held is not None
        text = held.read().decode()
    assert len(text) <= LOG_BYTES
    assert text.splitlines()[-1] == "the last line"
    assert "411702199001011234" not in text


def test_half_an_archive_is_taken_away_again(folder: TerminalFolder) -> None:
    full, log = folder.directory / "full", folder.directory / "other.log"
    full.mkdir()
    log.write_text(secrets.token_hex(100_000))
    inside = 'mount -t tmpfs -o size=16k tmpfs "$0" && "$@"; echo "$?"; ls -A "$0"'
    bundle = folder.command("support-bundle", str(full / "support.tar.gz"), "--log", str(log))
    command = ["unshare", "--mount", "sh", "-c", inside, str(full), *bundle]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["47"], done.stdout
    assert f"{full}/support.tar.gz: No space left" in done.stderr


@pytest.mark.parametrize(
    "kept",
    [
        "2026-11-30T12:00:00+0800 card-terminal[812]: P-01 pin_pad: /dev/ttyUSB0 can't be opened, entry 10023, 3.05 s",
        "transaction 0123456789abcdef0123456789abcdef: card_state_changed",
        "打印机没有纸，第 10023 条",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, 2026-11-30 12:00:00,123",
    ],
)
def test_what_technicians_need_stays(kept: str) -> None:
    assert scrubbed(kept) == kept
