"""The centre's own description of itself, turned into requests by schemathesis and signed by an enrolled terminal.

Both modes run: what the description allows, and what it forbids. Texts that stand for bytes, ids and paths are drawn
from what the centre knows as well as from anything, or nothing would come past the first comparison.
"""

import base64
import gzip
import re
import time
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from tests.centre import BEIJING_CARD, EnrolledTerminal, RunningCentre
from tests.fuzz.centre import OF_CITIZENS, Asker
from tests.fuzz.engines import Run
from tests.fuzz.target import require

NAME: Final = "centre-openapi"
ROUTES: Final = re.compile(
    r"/v1/(entries|working-keys|loss-reports|formal-loss-reports|loss-liftings|filings|filings/query|card-sessions"
    r"|issuances(/(fee-order|fee|token|blank|blank-authentication|switch|commit|abandon|standing))?"
    r"|card-sessions/[^/]+/(terminal-authentication|card-proof|record|pin-change|loss-lifting|examination|activation))"
)
REACHED: Final = frozenset({"answered", "400 malformed", "404 unknown_session"})
CASES_AN_OPERATION: Final = 4
"""In the small run, for each operation and mode."""
_KNOWN_TEXTS: Final = {
    "transaction_id": ("0" * 32, "ab" * 16),
    "identification_code": (BEIJING_CARD[0],),
    "card_number": (BEIJING_CARD[1],),
    "social_security_number": (BEIJING_CARD[2],),
    "norm_version": ("1.00", "2.00", "3.00"),
    "region": ("beijing", "zhumadian"),
}  # fmt: skip


def _signed(
    centre: RunningCentre, terminal: EnrolledTerminal, case: schemathesis.Case[Any]
) -> requests.PreparedRequest:
    """What schemathesis made, packed and signed as a terminal's."""
    made = case.as_transport_kwargs(base_url=centre.url)
    asked = requests.Request(
        made["method"], made["url"], params=made.get("params"), json=made.get("json"), data=made.get("data")
    ).prepare()
    body = asked.body or b""
    packed = gzip.compress(body.encode() if isinstance(body, str) else bytes(body), 1)
    signed = centre.prepare(terminal, asked.path_url, packed)
    signed.method = asked.method
    return signed


def _known(asker: Asker) -> dict[str, tuple[str, ...]]:
    terminal = asker.terminal
    return {
        **_KNOWN_TEXTS,
        "terminal": (terminal.id,),
        "pad_serial": (terminal.pad_serial,),
        "ledger_id": (base64.b64encode(terminal.ledger_id).decode(),),
        "session_id": (asker.open.rpartition("/")[2], asker.proved.rpartition("/")[2]),
    }


def _described(asker: Asker) -> Any:
    """The description, with formats where texts mean something."""
    description = asker.centre._app.openapi()
    known = _known(asker)

    def mark(name: str, schema: Any) -> None:
        if not isinstance(schema, dict):
            return
        if name in known and schema.get("type") == "string":
            schema["format"] = f"known-{name}"
        elif schema.get("contentEncoding") == "base64":
            schema["format"] = "some-bytes"
        for inner, part in schema.get("properties", {}).items():
            mark(inner, part)
        for part in (schema.get("items"), *schema.get("anyOf", ())):
            mark("", part)

    for name, schema in description["components"]["schemas"].items():
        mark(name, schema)
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                mark(parameter["name"], parameter["schema"])
    for name, texts in known.items():
        schemathesis.openapi.format(f"known-{name}", st.one_of(st.sampled_from(texts), st.text(max_size=40)))
    sizes = st.sampled_from([0, 8, 16, 32, 12])
    some = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
    schemathesis.openapi.format("some-bytes", some.map(lambda octets: base64.b64encode(octets).decode()))
    return schemathesis.openapi.from_dict(description)


class Described(Asker):
    """Asks what the description describes."""

    def operations(self) -> list[APIOperation[Any, Any, Any, Any]]:
        """One for each path and method."""
        self.begin()
        return [found.ok() for found in _described(self).get_all_operations()]

    def ask(self, case: schemathesis.Case[Any]) -> str:
        """Send one case and judge its answer as the door's are."""
        before = self.begin()
        signed = _signed(self.centre, self.terminal, case)
        reply = self.centre.send(signed)
        path = (signed.path_url or "").partition("?")[0]
        routed = signed.method == "POST" and ROUTES.fullmatch(path) is not None
        outcome = self.judge(reply, before, tampered=not routed)
        if outcome == "answered":
            changed = self.changed(before)
            require(not changed & OF_CITIZENS, f"rubbish was answered, and {sorted(changed & OF_CITIZENS)} changed")
            self.lived += 10  # what was answered may have used a session up
        return outcome


class Found(Exception):
    """A finding, with the run that led to it."""

    def __init__(self, run: Run) -> None:
        super().__init__(str(run.finding))
        self.run = run


def run(centre: RunningCentre, *, seconds: float | None = None) -> Run:
    """Cases of every operation in both modes: the small run's, the same each time, or new ones for so long.

    :raises Found: a promise was broken; Hypothesis has shortened the case, and its report is the cause.
    """
    asker, made = Described(centre), Run()
    ends_at = None if seconds is None else time.monotonic() + seconds
    number = 0
    while made.finding is None and (ends_at is None or time.monotonic() < ends_at):
        number += 1
        for operation in asker.operations():
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _play(asker, operation, mode, made, number if seconds is not None else None, ends_at)
        if ends_at is None:
            return made
    return made


def _play(
    asker: Described,
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    made: Run,
    number: int | None,
    ends_at: float | None,
) -> None:
    def play(case: schemathesis.Case[Any]) -> None:
        if ends_at is not None and time.monotonic() >= ends_at:
            return
        made.executions += 1
        try:
            made.outcomes[asker.ask(case)] += 1
        except BaseException as finding:
            made.finding, made.case = finding, case.as_curl_command().encode()
            raise

    chosen = settings(
        max_examples=CASES_AN_OPERATION if number is None else 20,
        derandomize=number is None, report_multiple_bugs=False, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    test = chosen(given(case=operation.as_strategy(generation_mode=mode))(play))
    try:
        (test if number is None else seed(time.time_ns() + number)(test))()
    except Exception as report:
        if made.finding is None:
            raise
        raise Found(made) from report
