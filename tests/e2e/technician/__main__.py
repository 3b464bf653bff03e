"""``make technician-tour``: break an installed terminal in twenty places drawn by seed, and see what is said of each.

A bundle is installed in a bare Debian that is really booted, and set up by ``provision`` with every device simulated.
What is drawn is planted in that machine, and read from ``kiosk doctor`` and off the terminal's own screen; what can't
be planted there (faults.toml says why) is planted on the stand, and read from the doctor alone.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.installation.machine import ROOT, Machine, alone, site_packages
from tests.e2e.installation.prepared import BUILD, bare_root, built, devices
from tests.e2e.technician.table import load_table


def main() -> int:
    """0 when everything was named rightly and nothing else, 1 when not, 2 when it could not start."""
    options = _parser().parse_args()
    if os.geteuid() != 0:
        print("technician-tour needs root: it boots a machine", file=sys.stderr)
        return 2
    build: Path = options.build.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(build, ignore_errors=True)
    (build / "pictures").mkdir(parents=True)
    root = None if options.stand else _bare_root(options.bundle, build)
    alone()
    # Threads, the display's client and pcscd's are begun in this network alone.
    from tests.e2e.technician.both import told_and_written  # noqa: PLC0415 - see above

    try:
        with tempfile.TemporaryDirectory(prefix="technician-") as place:
            machine = None if root is None else Machine(root, site_packages(), build / "console.log")
            return told_and_written(load_table(), options.seed, options.count, machine, Path(place), build)
    finally:
        if root is not None and not options.keep:
            shutil.rmtree(root, ignore_errors=True)


def _bare_root(given: Path | None, build: Path) -> Path:
    """A Debian with the bundle and the stand-ins' packages in ``/root``; needs the registries."""
    BUILD.mkdir(parents=True, exist_ok=True)
    bundle, base, extra, root = built(given), bare_root(), devices(), build / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)
    (root / "etc" / "machine-id").unlink(missing_ok=True)
    # This disk is thrown away: dpkg need not wait for it after each file.
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "trial").write_text("force-unsafe-io\n")
    shutil.copy2(bundle, root / "root" / "bundle.tar")
    shutil.copy2(ROOT / "deploy" / "install.sh", root / "root" / "install.sh")
    shutil.copytree(extra, root / "root" / "extra")
    return root


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.technician", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="draws other faults (default 1)")
    parser.add_argument("--count", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "technician", help="where it is told")
    parser.add_argument("--bundle", type=Path, help="one that was built with --debs; left out, one is built")
    parser.add_argument("--keep", action="store_true", help="leave the root where it is")
    parser.add_argument("--stand", action="store_true", help="boot nothing: plant everything on the stand")
    return parser


if __name__ == "__main__":
    sys.exit(main())
