"""``make technician-tour``: break a terminal in twenty places drawn by seed, and see what the doctor says of each."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from simulators.pcscd import PcscdUnavailable, PrivatePcscd
from simulators.stand.requirements import REPOSITORY
from tests.e2e.technician.draw import drawn
from tests.e2e.technician.report import write_report
from tests.e2e.technician.site import Site
from tests.e2e.technician.table import load_table
from tests.e2e.technician.tour import toured


def main() -> int:
    """0 when everything was named rightly and nothing else, 1 when not, 2 when it could not start."""
    options = _parser().parse_args()
    build: Path = options.build.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(build, ignore_errors=True)
    build.mkdir(parents=True)
    table = load_table()
    drawing = drawn(table, options.seed, options.count)
    with tempfile.TemporaryDirectory(prefix="technician-") as place:
        try:
            with PrivatePcscd(Path(place) / "pcscd") as pcscd:
                os.environ.update(pcscd.environment)
                with Site(Path(place), pcscd) as site:
                    results = toured(site, table, drawing, options.seed, lambda line: print(line, flush=True))
        except PcscdUnavailable as refusal:
            print(f"technician-tour: {refusal}", file=sys.stderr)
            return 2
    write_report(build, results)
    planted = [*results.singles, *results.pairs]
    print(f"{sum(look.ok for look in planted)} of {len(planted)} as planted · {build / 'index.html'}")
    return 0 if results.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.technician", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="draws other faults (default 1)")
    parser.add_argument("--count", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build" / "technician", help="where it is told")
    return parser


if __name__ == "__main__":
    sys.exit(main())
