"""``make install-test``: a bundle, then a Debian package, makes a bare Debian a terminal that serves, is renewed, goes.

Each has a root of its own, made by debootstrap and really booted, without a network but its loopback; the centre runs
outside it. What happened goes to ``build/install/results.json``; the exit code is 1 when anything was not as it should
be.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.e2e.installation import prepared
from tests.e2e.installation.machine import ROOT, Machine, alone, site_packages
from tests.e2e.installation.prepared import BREAKS, BUILD

WAYS: Final = ("bundle", "deb", "screen")
"""In what a terminal comes: each is a trial."""


class NotAsItShould(Exception):
    """What the trial found wrong; the text is for people."""


def expect(true: object, words: str) -> None:
    """Go on only if it is so.

    :raises NotAsItShould: it is not.
    """
    if not true:
        raise NotAsItShould(words)


class Record:
    """What was tried, how it ended, how long it took."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.steps: list[dict[str, object]] = []

    def step(self, trial: str, name: str, work: Callable[[], str]) -> None:
        """Do one thing and keep what came of it; what it returns is told.

        :raises NotAsItShould: it was not as it should be; that is on record.
        """
        began = time.monotonic()
        try:
            said = work()
        except Exception as error:
            self._keep(trial, name, f"{type(error).__name__}: {error}", good=False, began=began)
            raise NotAsItShould(name) from error
        self._keep(trial, name, said, good=True, began=began)

    def _keep(self, trial: str, name: str, said: str, *, good: bool, began: float) -> None:
        seconds = round(time.monotonic() - began, 1)
        self.steps.append({"trial": trial, "step": name, "good": good, "seconds": seconds, "said": said})
        print(f"{'ok    ' if good else 'FAILED'} {seconds:6.1f} s  {trial}: {name}: {said}", flush=True)
        self._file.write_text(json.dumps(self.steps, indent=2, ensure_ascii=False) + "\n", "utf-8")


def table(file: Path) -> str:
    """What a run has left behind, as it stands in docs/installation.md."""
    rows = "".join(
        f"| {one['trial']} | {one['step']} | {one['seconds']:.1f} |\n" for one in json.loads(file.read_bytes())
    )
    return f"| trial | step | seconds |\n|---|---|---|\n{rows}"


def bare_machine(way: str, luggage: Mapping[str, Path]) -> Machine:
    """A machine that is off, and what its technician has brought along in ``/root``."""
    root = BUILD / "root"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", prepared.bare_root(), root], check=True)
    (root / "etc" / "machine-id").unlink(missing_ok=True)
    # The trial's disk is thrown away: dpkg need not wait for it after each file.
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "trial").write_text("force-unsafe-io\n")
    for name, file in luggage.items():
        shutil.copy2(file, root / "root" / name)
    if way == "deb":
        prepared.lay_mirror(luggage["bundle.tar"], root)
    shutil.copy2(ROOT / "deploy" / "install.sh", root / "root" / "install.sh")
    shutil.copytree(prepared.devices(), root / "root" / "extra")
    return Machine(root, site_packages(), BUILD / "console.log")


def main() -> int:
    """Prepare, go into a network of its own, try everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.installation", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="one that was built with --debs; left out, one is built")
    parser.add_argument("--by", choices=WAYS, help="one trial alone")
    parser.add_argument("--break", dest="wrong", choices=BREAKS, help="packages built wrongly: the trial must fail")
    parser.add_argument("--keep", action="store_true", help="leave the root where it is")
    parser.add_argument("--table", action="store_true", help="try nothing, tell the last run for docs/installation.md")
    chosen = parser.parse_args()
    if chosen.table:
        print(table(BUILD / "results.json"), end="")
        return 0
    if os.geteuid() != 0:
        print("install-test needs root: it boots a machine", file=sys.stderr)
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "console.log").unlink(missing_ok=True)
    # All that needs the registries.
    prepared.bare_root()
    prepared.devices()
    bundle = prepared.built(chosen.bundle)
    ways = ("deb",) if chosen.wrong else WAYS if chosen.by is None else (chosen.by,)
    luggage = {way: prepared.luggage(way, bundle, chosen.wrong) for way in ways}
    alone()
    # The display's client and the centre's are read from the environment and live in this network alone.
    from tests.e2e.installation.assistant import ScreenTrial  # noqa: PLC0415 - starts threads, which may not be before
    from tests.e2e.installation.packaged import PackagedTrial  # noqa: PLC0415 - the same
    from tests.e2e.installation.trial import Trial  # noqa: PLC0415 - the same

    record = Record(BUILD / "results.json")
    for way in ways:
        machine = bare_machine(way, luggage[way])
        try:
            with {"bundle": Trial, "deb": PackagedTrial, "screen": ScreenTrial}[way](machine, BUILD) as trial:
                for name, work in trial.steps():
                    record.step(way, name, work)
        except NotAsItShould as first:
            print(f"install-test: {first} failed; {BUILD / 'results.json'}, {BUILD / 'console.log'}", file=sys.stderr)
            return 1
        finally:
            machine.switch_off()
            if not chosen.keep:
                shutil.rmtree(machine.folder, ignore_errors=True)
    print(f"install-test: {len(record.steps)} steps, all as they should be; {BUILD / 'results.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
