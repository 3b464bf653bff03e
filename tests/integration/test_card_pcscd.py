"""The private pcscd itself: alone, twice, orphaned, and without what it needs."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from smartcard import scard

from drivers.transport.pcsc import PcscContext
from simulators.card.slot import CardSlot
from simulators.pcscd import VPCD_PORT, PcscdUnavailable, PrivatePcscd
from tests.stack import chip

pytestmark = pytest.mark.stack


def card_number_seen_through(pcscd: PrivatePcscd) -> str:
    """What a process of its own reads; libpcsclite keeps one daemon's path a process."""
    program = (
        "from drivers.card_reader import PcscCardReader\n"
        "reader = PcscCardReader(None)\n"
        "reader.wait_for_card(5)\n"
        "print(reader.card().read_issuer().card_number)\n"
        "reader.close()\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **pcscd.environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return answer.stdout.strip()


def test_two_run_side_by_side_and_the_host_s_place_stays_empty(tmp_path: Path) -> None:
    before = sorted(Path("/run/pcscd").iterdir())
    with PrivatePcscd(tmp_path / "one") as one, PrivatePcscd(tmp_path / "two") as two:
        first, second = CardSlot.of(one), CardSlot.of(two)
        first.insert(chip("zhumadian-normal"))
        second.insert(chip("beijing-normal"))
        assert card_number_seen_through(one) == "T41170015"
        assert card_number_seen_through(two) == "T11000015"
        assert (
            f":{VPCD_PORT:04X} " not in Path("/proc/net/tcp").read_text()
        )  # the reader's port is in neither's outside
        assert f":{VPCD_PORT:04X} " in Path(one.network).parent.parent.joinpath("net/tcp").read_text()
        one.stop()
        assert card_number_seen_through(two) == "T11000015"
        first.close()
        second.close()
    assert sorted(Path("/run/pcscd").iterdir()) == before


def test_a_killed_daemon_leaves_nothing_that_stops_the_next(tmp_path: Path) -> None:
    with PrivatePcscd(tmp_path) as daemon:
        network = daemon.network
        for _ in range(3):
            daemon.kill()
            daemon.start()
        assert daemon.network == network
        slot = CardSlot.of(daemon)
        slot.insert(chip("zhumadian-normal"))
        assert card_number_seen_through(daemon) == "T41170015"
        slot.close()


def test_the_daemon_follows_when_its_owner_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom simulators.pcscd import PrivatePcscd\n"
        "daemon = PrivatePcscd(Path(sys.argv[1]))\ndaemon.start()\nprint(daemon.pid, flush=True)\nsys.stdin.read()\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    daemon = os.pidfd_open(int(owner.stdout.readline()))
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    ended, _, _ = select.select([daemon], [], [], 5.0)
    os.close(daemon)
    assert ended


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.pcscd._VPCD_LIBRARY", tmp_path / "libifdvpcd.so")
    with pytest.raises(PcscdUnavailable, match="apt-get install vsmartcard-vpcd"):
        PrivatePcscd(tmp_path).start()
    monkeypatch.setattr("simulators.pcscd._PROGRAMS", {"no-such-pcscd": "pcscd"})
    with pytest.raises(PcscdUnavailable, match="apt-get install pcscd"):
        PrivatePcscd(tmp_path).start()


def test_without_root_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PcscdUnavailable, match="root"):
        PrivatePcscd(tmp_path).start()


@pytest.mark.parametrize("meanwhile", ["duplicates", "closes"])
@pytest.mark.usefixtures("pcscd")
def test_a_reader_connects_while_another_one_s_thread_is_at_its_own(
    meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The citizen's slot and the contact station of the card printer are two readers in two threads."""
    first, theirs = PcscContext("card_reader"), []
    line = first._socket
    assert line is not None
    establish = scard.SCardEstablishContext
    if meanwhile == "closes":  # the number that is given out next, then
        theirs.append(os.dup(line.fileno()))

    def established(scope: int) -> object:
        if meanwhile == "closes":
            os.close(theirs.pop())
            return establish(scope)
        result = establish(scope)
        theirs.append(os.dup(line.fileno()))
        return result

    monkeypatch.setattr(scard, "SCardEstablishContext", established)
    second = PcscContext("card_encoder")
    assert second.readers()
    second.release()
    first.release()
    for descriptor in theirs:
        os.close(descriptor)
