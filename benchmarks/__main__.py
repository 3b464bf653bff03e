"""``python -m benchmarks [--quick] [--only NAME]``: measure, print one table, write ``build/bench``.

A target that is missed is printed as missed; only what can't be measured at all ends with an error.
"""

import argparse
import json
import logging
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import card, endurance, ingest, judgement, ledger, portrait, replacement, terminal, touch, window
from benchmarks.figures import Figure, figures_in, table
from benchmarks.plots import draw
from simulators.stand.requirements import REPOSITORY

BUSY_LOAD: Final = 1.5
"""From this load average on, somebody else works on the machine."""
_MODULES: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "card": card.run,
    "terminal": terminal.run,
    "window": window.run,
    "touch": touch.run,
    "ledger": ledger.run,
    "endurance": endurance.run,
    "ingest": ingest.run,
    "replacement": replacement.run,
    "portrait": portrait.run,
    "judgement": judgement.run,
}


def main() -> int:
    """Run what was chosen; 0 whatever the figures say."""
    options = _parser().parse_args()
    logging.disable(logging.WARNING)  # the centre's request log would stand between the lines
    folder: Path = options.build.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    machine = _machine(quick=options.quick)
    results: dict[str, dict[str, Any]] = {}
    for name, run in _MODULES.items():
        if options.only and name not in options.only:
            continue
        print(f"  {name} …", flush=True)
        results[name] = run(quick=options.quick)
        # What is measured is kept, even when a later one can't be.
        _write(folder / "results.json", machine, results)
    pictures = draw(results, folder)
    print("\n" + table(figures_in(results)) + "\n")
    print(_about(machine))
    print(" ".join(str(path) for path in [folder / "results.json", *pictures]))
    return 0


def _machine(*, quick: bool) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "quick": quick,
    }


def _about(machine: dict[str, Any]) -> str:
    load = machine["load_before"]
    words = [f"{machine['at']}, {machine['cores']} cores, load {load} at the start"]
    if load >= BUSY_LOAD:
        words.append("somebody else was at work: times are too long")
    if machine["quick"]:
        words.append("quick: few rounds")
    return "; ".join(words)


def _write(path: Path, machine: dict[str, Any], results: dict[str, dict[str, Any]]) -> None:
    content = {
        "machine": machine,
        "figures": [_with_verdict(figure) for figure in figures_in(results)],
        "results": results,
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _with_verdict(figure: Figure) -> dict[str, Any]:
    return {**msgspec.to_builtins(figure), "met": figure.met}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: whether it runs, not how fast it is")
    parser.add_argument("--only", action="append", choices=list(_MODULES), help="one of them; repeatable")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build" / "bench", help="where the results go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
