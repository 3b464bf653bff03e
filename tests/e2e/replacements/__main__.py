"""``python -m tests.e2e.replacements COUNT [--seed N]``: cut the power in the middle of replacements, then judge."""

import argparse
import json
import random
import sys
import time
from typing import Final

import msgspec

from tests.e2e.replacements.breaks import BREAKS
from tests.e2e.replacements.campaign import RESULTS, Order, run, run_broken
from tests.e2e.replacements.plan import Fault
from tests.e2e.replacements.verdict import Verdict

TERMINALS: Final = 4
NOT_COUNTED: Final = 2
_SHOWN: Final = 40
"""So many wrongs are named on the screen; the file has all."""


def main() -> int:
    """Run and write ``build/chaos/results.json``; 0 where nobody was wronged, 1 where somebody was, 2: not known."""
    parser = argparse.ArgumentParser(prog="tests.e2e.replacements", description=__doc__)
    parser.add_argument("count", type=int, help="how many replacements")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--terminals", type=int, default=TERMINALS, help="side by side (%(default)s)")
    parser.add_argument("--sqlite", action="store_true", help="the centre on SQLite instead of PostgreSQL")
    parser.add_argument("--seconds", type=float, help="begin no other after so long")
    parser.add_argument("--fault", type=Fault, choices=list(Fault), help="goes wrong with each, instead of any")
    parser.add_argument(
        "--break", dest="broken", choices=sorted(BREAKS), help="plant a fault: the verdict must find it"
    )
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    order = Order(
        given.count, given.seed, given.terminals, postgres=not given.sqlite, fault=given.fault, seconds=given.seconds
    )
    if given.broken:
        return _broken(given.broken, order)
    verdict, fates = run(order, lambda line: print(f"\r{line}", end="", file=sys.stderr, flush=True))
    seconds = time.monotonic() - began
    result = {
        "seed": given.seed,
        "seconds": round(seconds, 1),
        "seconds_each": round(seconds / max(1, verdict.replacements), 2),
        "sound": verdict.sound,
        **msgspec.to_builtins(verdict),
        "fates": msgspec.to_builtins(fates) if not verdict.sound else [],
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(_summary(verdict))
    return 0 if verdict.sound else 1


def _broken(name: str, order: Order) -> int:
    """Write what a broken campaign found beside the others' results; its exit code."""
    try:
        found = run_broken(name, order)
    except (OSError, LookupError) as error:
        print(error, file=sys.stderr)
        return NOT_COUNTED
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.with_name(f"broken-{name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps({name: value for name, value in found.items() if isinstance(value, list) and name != "fates"}))
    return 0 if found["sound"] else 1


def _summary(verdict: Verdict) -> str:
    lines = [
        ("replacements", verdict.replacements),
        ("cuts", verdict.cuts),
        ("cards issued", verdict.issued),
        ("abandoned", verdict.abandoned),
        ("never reserved", verdict.never_reserved),
        ("doubles", len(verdict.doubles)),
        ("dead cards out", len(verdict.dead_cards_out)),
        ("lost", len(verdict.lost)),
        ("charged wrongly", len(verdict.wrongly_charged)),
        ("open cases", len(verdict.open_cases)),
        ("balance", "right" if not verdict.imbalances else f"{len(verdict.imbalances)} wrong"),
        ("differences counted", len(verdict.differences)),
        ("unexplained", len(verdict.unexplained)),
        ("unfinished", len(verdict.unfinished)),
        ("crashes", len(verdict.crashes)),
    ]
    text = "\n".join(f"{name:20} {value}" for name, value in lines)
    wrongs = [
        *verdict.doubles, *verdict.lost, *verdict.wrongly_charged, *verdict.imbalances, *verdict.unexplained,
        *verdict.unfinished, *verdict.crashes,
    ]  # fmt: skip
    return "\n".join([text, *wrongs[:_SHOWN], *(["…"] if wrongs[_SHOWN:] else [])])


if __name__ == "__main__":
    sys.exit(main())
