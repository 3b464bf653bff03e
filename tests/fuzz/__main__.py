"""``make fuzz``: rubbish on every wire for so many seconds, and exit code 1 for any finding (docs/fuzz.md).

Each target runs in a process of its own, since libFuzzer ends its process, a hang must be ended from outside, and the
card library knows one daemon only. ``build/fuzz/results.json`` has one row a target; a finding leaves its case in
``build/fuzz/findings`` and is played again by ``--again``.
"""

import argparse
import hashlib
import importlib
import json
import logging
import os
import re
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.fuzz.engines import OURS, Run, run_atheris, run_hypothesis
from tests.fuzz.in_memory import folder_in_memory
from tests.fuzz.target import Target

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "build" / "fuzz"
FINDINGS: Final = RESULTS / "findings"
CORPUS: Final = RESULTS / "corpus"
OPENAPI: Final = "centre-openapi"
# Target by target, where it stands: nothing of ours is imported before libFuzzer can watch it.
WHERE: Final = {
    "card-session": "cards:SESSION",
    "card-fields": "cards:FIELDS",
    "card-pcsc": "cards:PCSC",
    "pad-sunson-frames": "pads:SUNSON_FRAMES",
    "pad-szzt-frames": "pads:SZZT_FRAMES",
    "pad-sunson-entry": "pads:SUNSON_PAD",
    "pad-szzt-entry": "pads:SZZT_PAD",
    "id-reader-frames": "id_readers:FRAMES",
    "id-reader-texts": "id_readers:TEXTS",
    "id-reader-document": "id_readers:READER",
    "camera-stream": "cameras:STREAM",
    "records-messages": "records:MESSAGES",
    "records-sealing": "records:SEALING",
    "records-signatures": "records:SIGNATURES",
    "settings-zhumadian-toml": "settings_files:PACKS",
    "settings-china-toml": "settings_files:CALENDAR",
    "settings-kiosk-toml": "settings_files:CONFIGURATION",
    "settings-centre-toml": "settings_files:CENTRE",
    "settings-region-rules-toml": "settings_files:RULES",
    "liar-client": "liars:CLIENT",
    "liar-uplink": "liars:UPLINK",
    "centre-door": "centre:DOOR",
    "centre-batches": "centre:BATCHES",
    "card-printer-issuing": "card_printers:PRINTER",
    "card-encoder-chip": "card_printers:CHIP",
    "print-queue": "print_queues:QUEUE",
}
HYPOTHESIS_ONLY: Final = frozenset(
    {
        "card-pcsc",
        "records-messages",
        "pad-sunson-entry",
        "pad-szzt-entry",
        "id-reader-document",
        "camera-stream",
        "centre-door",
        "centre-batches",
        OPENAPI,
    }
)
_PATIENCE_S: Final = 180.0
"""Beyond its time a target gets this long: to bring up what it needs, to shorten a finding, to end."""
_COVERAGE: Final = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")


def load(name: str) -> Target:
    """The target of this name."""
    module, _, attribute = WHERE[name].partition(":")
    target: Target = getattr(importlib.import_module(f"tests.fuzz.{module}"), attribute)
    return target


def main() -> int:
    """Run what was asked for; 0 without findings."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="for all targets together (300)")
    parser.add_argument("--only", metavar="TEXT", default="", help="only targets whose names contain this")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--again", nargs=2, metavar=("TARGET", "FILE"), help="play one case again")
    parser.add_argument("--child", metavar="TARGET", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if chosen.again:
        return _again(chosen.again[0], Path(chosen.again[1]))
    if chosen.child:
        return _child(chosen.child, chosen.seconds)
    names = [name for name in (*WHERE, OPENAPI) if chosen.only in name]
    if not names:
        print("no such target")
        return 2
    FINDINGS.mkdir(parents=True, exist_ok=True)
    jobs = max(1, min(chosen.jobs, len(names)))
    share = chosen.seconds * jobs / len(names)
    print(f"{len(names)} targets, {share:.0f} s each, {jobs} at a time")
    with ThreadPoolExecutor(jobs) as pool:
        rows = list(pool.map(lambda name: _in_a_process(name, share), names))
    if not chosen.only:
        whole = {"seconds": chosen.seconds, "targets": rows, "findings": sum(row["crashes"] for row in rows)}
        (RESULTS / "results.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False), encoding="utf-8")
    findings = sum(row["crashes"] for row in rows)
    print(f"{sum(row['executions'] for row in rows)} cases, {findings} findings")
    return 1 if findings else 0


def _in_a_process(name: str, seconds: float) -> dict[str, Any]:
    log, told = RESULTS / f"{name}.log", RESULTS / f"{name}.json"
    told.unlink(missing_ok=True)
    began = time.monotonic()
    # libFuzzer ends its process without cleaning up: what the target leaves behind lies in a folder of ours.
    with log.open("w", encoding="utf-8") as output, folder_in_memory() as folder:
        try:
            code = subprocess.run(
                [sys.executable, "-m", "tests.fuzz", "--child", name, "--seconds", str(seconds)],
                env={**os.environ, "TMPDIR": str(folder)}, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
                timeout=seconds + _PATIENCE_S, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = None
    row: dict[str, Any] = {"target": name, "executions": 0, "crashes": 0, "outcomes": {}, "finding": None}
    if told.exists():
        row |= json.loads(told.read_text(encoding="utf-8"))
    words = log.read_text(encoding="utf-8", errors="replace")
    coverage = _COVERAGE.findall(words)
    row |= {
        "engine": "schemathesis" if name == OPENAPI else "hypothesis" if name in HYPOTHESIS_ONLY else "atheris",
        "seconds": round(time.monotonic() - began, 1),
        "coverage": int(coverage[-1][0]) if coverage else None,
        "corpus": int(coverage[-1][2]) if coverage else None,
    }
    if code != 0 and not row["crashes"]:
        row |= {"crashes": 1, "finding": "it hangs" if code is None else f"it ended with {code}: see {log}"}
    word = "FINDING" if row["crashes"] else "ok"
    print(f"{word:<8}{name:<28}{row['executions']:>9} cases {row['seconds']:>7} s  {row['finding'] or ''}", flush=True)
    return row


def _child(name: str, seconds: float) -> int:
    if name == OPENAPI:
        return _tell(name, _openapi(seconds))
    if name in HYPOTHESIS_ONLY:
        target = load(name)
        with target.prepare() as check:
            return _tell(name, run_hypothesis(target, check, seconds))
    import atheris  # noqa: PLC0415  # only here; `make fuzz` installs it

    with atheris.instrument_imports(include=list(OURS), enable_loader_override=False):
        target = load(name)
    with target.prepare() as check:
        run_atheris(target, check, CORPUS / name, seconds, lambda run: _tell(name, run))
    return 0


def _openapi(seconds: float) -> Run:
    from tests.fuzz import openapi  # noqa: PLC0415  # takes seconds to import
    from tests.fuzz.centre import running_centre  # noqa: PLC0415

    with running_centre() as centre:
        try:
            return openapi.run(centre, seconds=seconds)
        except openapi.Found as found:
            return found.run


def _tell(name: str, run: Run) -> int:
    """Write what came of a run; 1 for a finding."""
    row: dict[str, Any] = {
        "executions": run.executions,
        "crashes": int(run.finding is not None),
        "outcomes": dict(run.outcomes.most_common()),
        "finding": None,
    }
    if run.finding is not None:
        case = run.case or b""
        kept = FINDINGS / f"{name}-{hashlib.sha256(case).hexdigest()[:12]}"
        kept.write_bytes(case)
        row["finding"] = f"{type(run.finding).__name__}: {str(run.finding)[:300]} ({os.path.relpath(kept, ROOT)})"
        traceback.print_exception(run.finding)
    (RESULTS / f"{name}.json").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    return 1 if run.finding else 0


def _again(name: str, file: Path) -> int:
    target = load(name)
    with target.prepare() as check:
        print(target.play(check, file.read_bytes()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
