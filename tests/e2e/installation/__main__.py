"""``make install-test``: a bundle makes a bare Debian a terminal, which serves, is brought a newer one, is removed.

The root is made by debootstrap and really booted, without a network but its loopback; the centre runs outside it. What
happened goes to ``build/install/results.json``; the exit code is 1 when anything was not as it should be.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.e2e.installation.machine import ROOT, Machine, alone, debootstrap, site_packages

BUILD: Final = ROOT / "build" / "install"


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

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Do one thing and keep what came of it; what it returns is told.

        :raises NotAsItShould: it was not as it should be; that is on record.
        """
        began = time.monotonic()
        try:
            said = work()
        except Exception as error:
            self._keep(name, f"{type(error).__name__}: {error}", good=False, began=began)
            raise NotAsItShould(name) from error
        self._keep(name, said, good=True, began=began)

    def _keep(self, name: str, said: str, *, good: bool, began: float) -> None:
        seconds = round(time.monotonic() - began, 1)
        self.steps.append({"step": name, "good": good, "seconds": seconds, "said": said})
        print(f"{'ok    ' if good else 'FAILED'} {seconds:6.1f} s  {name}: {said}", flush=True)
        self._file.write_text(json.dumps(self.steps, indent=2, ensure_ascii=False) + "\n", "utf-8")


def bundle_tool() -> ModuleType:
    """deploy/build_bundle.py, which is a script."""
    found = importlib.util.spec_from_file_location("build_bundle", ROOT / "deploy" / "build_bundle.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def variant(tool: ModuleType, archive: Path, output: Path, alter: Callable[[Path], None]) -> Path:
    """The same bundle with something else in it, and sums that fit."""
    stage = output / "stage"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    subprocess.run(["tar", "-xf", archive, "-C", output], check=True)
    (output / tool.TOP).rename(stage)
    alter(stage)
    made: Path = tool.finish(stage, output, key=None)
    shutil.rmtree(stage)
    return made


def newer(stage: Path) -> None:
    """A version that differs in a remark only."""
    pattern = stage / "config" / "kiosk.toml"
    pattern.write_text(pattern.read_text("utf-8") + "\n# newer\n", "utf-8")


def broken(stage: Path) -> None:
    """A version that can be installed and does not start: its font is gone."""
    (stage / "assets" / "fonts" / "interface.otf").unlink()


def prepare(build: Path, given: Path | None) -> dict[str, Path]:
    """What needs the registries: bundle, bare root, and the packages of the trial's own devices."""
    tool = bundle_tool()
    made = {"base": build / "base", "extra": build / "extra"}
    debootstrap(made["base"], build / "debootstrap.log")
    if given is None:
        subprocess.run(
            [sys.executable, ROOT / "deploy" / "build_bundle.py", "--debs", "--output", build / "bundle"], check=True
        )
        given = next((build / "bundle").glob("*.tar"))
    made["bundle"] = given
    made["newer"] = variant(tool, given, build / "newer", newer)
    made["broken"] = variant(tool, given, build / "broken", broken)
    if not (made["extra"] / "Packages").exists():
        shutil.rmtree(made["extra"], ignore_errors=True)
        tool.fetch_debs(made["extra"], ["xvfb", "vsmartcard-vpcd"])
    return made


def main() -> int:
    """Prepare, go into a network of its own, try everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.installation", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="one that was built with --debs; left out, one is built")
    parser.add_argument("--on-screen", action="store_true", help="only: installed, set up on its screen, serves")
    parser.add_argument("--build", type=Path, default=BUILD, help="where everything is made and written")
    parser.add_argument("--keep", action="store_true", help="leave the root where it is")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        print("install-test needs root: it boots a machine", file=sys.stderr)
        return 2
    build: Path = chosen.build.resolve()
    build.mkdir(parents=True, exist_ok=True)
    made = prepare(build, chosen.bundle)
    root = build / "root"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", made["base"], root], check=True)
    (root / "etc" / "machine-id").unlink(missing_ok=True)
    # The trial's disk is thrown away: dpkg need not wait for it after each file.
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "trial").write_text("force-unsafe-io\n")
    for name in ("bundle", "newer", "broken"):
        shutil.copy2(made[name], root / "root" / f"{name}.tar")
    shutil.copy2(ROOT / "deploy" / "install.sh", root / "root" / "install.sh")
    shutil.copytree(made["extra"], root / "root" / "extra")
    alone()
    # The display's client and the centre's are read from the environment and live in this network alone.
    from tests.e2e.installation.trial import Trial  # noqa: PLC0415 - starts threads, which may not be before

    record = Record(build / "results.json")
    machine = Machine(root, site_packages(), build / "console.log")
    try:
        with Trial(machine, build, on_screen=chosen.on_screen) as trial:
            for name, work in trial.steps():
                record.step(name, work)
    except NotAsItShould as first:
        print(f"install-test: {first} failed; {build / 'results.json'}, {build / 'console.log'}", file=sys.stderr)
        return 1
    finally:
        machine.switch_off()
        if not chosen.keep:
            shutil.rmtree(root, ignore_errors=True)
    print(f"install-test: {len(record.steps)} steps, all as they should be; {build / 'results.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
