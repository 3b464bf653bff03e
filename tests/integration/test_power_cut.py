"""Power cuts of terminal and uplink take nothing that was acknowledged, and the campaign that says so can fail.

KIOSK_POWER_CUTS sets how often; KIOSK_SEED repeats a run. Where loop mounts are forbidden the cuts are skipped and say
so; what every append has synced is looked at anywhere.
"""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import chaos
from tests.e2e.chaos_breaks import BREAKS
from tests.e2e.chaos_disk import why_no_disk
from tests.ledgers import create

CUTS = int(os.environ.get("KIOSK_POWER_CUTS", "3"))
SEED = int(os.environ.get("KIOSK_SEED", str(random.randrange(1 << 32))))
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def loop_disk() -> None:
    if why_no_disk():
        pytest.skip(f"NO POWER WAS CUT: {why_no_disk()}")


@pytest.mark.usefixtures("loop_disk")
def test_power_cuts_and_kills_lose_and_double_nothing() -> None:
    plan = chaos.Plan(kills=2, cuts=CUTS, centre_kills=1, seed=SEED)
    count = chaos.run(plan)
    assert count.sound, f"{plan}: {count}"
    assert count.cuts == CUTS
    assert count.stored >= count.acknowledged > 50 * CUTS
    assert count.sent_again == count.stored


@pytest.mark.usefixtures("loop_disk")
def test_the_same_without_syncs_loses_entries() -> None:
    """Were nothing lost here, a cut would cut nothing, and the test above would be worthless."""
    count = chaos.run_broken("synchronous-off", chaos.Plan(kills=0, cuts=2, centre_kills=0, seed=SEED))
    assert count.lost > 0, count
    assert not count.sound


@pytest.mark.parametrize(("name", "counted"), [("duplicate-check-off", "double"), ("skip-entry", "lost")])
def test_a_centre_or_an_uplink_that_goes_wrong_is_found(name: str, counted: str) -> None:
    count = chaos.run_broken(name, chaos.Plan(kills=1, cuts=0, centre_kills=0, seed=SEED))
    assert getattr(count, counted) > 0, count
    assert not count.sound


@pytest.mark.parametrize("name", BREAKS)
def test_every_fault_of_the_campaign_fits_the_source(name: str, tmp_path: Path) -> None:
    for patch in BREAKS[name]:
        copy = tmp_path / patch.file
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((PROJECT / patch.file).read_bytes())
        patch.apply(tmp_path)
        compile(copy.read_bytes(), patch.file, "exec")


def test_each_acknowledgement_comes_after_the_sync_of_what_was_written(tmp_path: Path) -> None:
    """Seen from the kernel's side, and so on machines that allow no mounts."""
    folder, trace = tmp_path / "ledger", tmp_path / "trace"
    create(folder).close()
    calls = "trace=write,pwrite64,ftruncate,fsync,fdatasync"
    with subprocess.Popen(
        ["strace", "-y", "-e", calls, "-o", str(trace), sys.executable, "-m",
         "tests.integration.test_ledger_kill", "erase", str(folder)],
        stdout=subprocess.PIPE,
    ) as traced:  # fmt: skip
        assert traced.stdout is not None
        acknowledged = [traced.stdout.readline() for _ in range(700)]
        children = Path(f"/proc/{traced.pid}/task/{traced.pid}/children").read_text()
        os.kill(int(children.split()[0]), 9)
    assert all(line.endswith(b"\n") for line in acknowledged), "the writer ended before it was killed"
    assert_synced(trace.read_text(), at_least=700)


def assert_synced(trace: str, *, at_least: int) -> None:
    unsynced: set[str] = set()
    found = 0
    for line in trace.splitlines():
        call = re.match(r"(\w+)\((\d+)<([^>]*)>", line)
        if call is None:
            continue
        name, descriptor, path = call.groups()
        if descriptor == "1":
            assert not unsynced, f"acknowledged before the sync: {line}"
            found += 1
        elif path.endswith(("/ledger.db", "/ledger.db-wal")):  # the index of the log, -shm, is made anew after a cut
            unsynced.discard(path) if name in {"fsync", "fdatasync"} else unsynced.add(path)
    assert found >= at_least


def test_an_acknowledgement_before_its_sync_is_found() -> None:
    written = 'pwrite64(5</x/ledger.db-wal>, "", 24, 0) = 24\n'
    synced = "fdatasync(5</x/ledger.db-wal>) = 0\n"
    acknowledged = 'write(1<pipe:[7]>, "1 aa", 4) = 4\n'
    assert_synced(written + synced + acknowledged, at_least=1)
    with pytest.raises(AssertionError, match="acknowledged before the sync"):
        assert_synced(written + acknowledged + synced, at_least=1)
    with pytest.raises(AssertionError):
        assert_synced(written + synced, at_least=1)
