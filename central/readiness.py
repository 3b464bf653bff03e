"""``POST /v1/readiness``: what terminals were like when they had been set up, kept as they signed it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.database import Database
from central.exchange import Asker
from central.problems import BUSY, Declined, bad_signature, malformed
from central.tables import ReadinessRow
from kiosk.records.china_time import minute_of
from kiosk.records.readiness import HandInReadiness, ReadinessKept, ReadinessReport
from kiosk.records.upload import Malformed, decode

DAY_MS: Final = 86_400_000
A_DAY: Final = 50
"""Reports of one terminal: more than any technician hands in, and none that is kept makes room for another."""


@dataclass(frozen=True, slots=True)
class ReadinessDesk:
    """Keeps reports."""

    database: Database
    clock: Callable[[], float]

    def keep(self, asker: Asker, question: HandInReadiness) -> ReadinessKept:
        """Keep a report; the same again changes nothing and gets the same answer.

        :raises Declined: ``signature`` where the asking terminal has not signed it, ``malformed`` where it is none, or
            another terminal's; ``busy`` after :data:`A_DAY` in a day.
        """
        try:
            report = question.genuine(asker.public_key)
        except Malformed as error:
            raise malformed(str(error)) from error
        if report is None:
            raise bad_signature("the report is not signed by its terminal")
        if report.terminal != asker.terminal:
            raise malformed("the report is another terminal's")
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            kept = session.get(ReadinessRow, (asker.terminal, question.digest))
            if kept is None:
                lately = select(func.count()).where(
                    ReadinessRow.terminal == asker.terminal, ReadinessRow.received_at > now_ms - DAY_MS
                )
                if (session.scalar(lately) or 0) >= A_DAY:
                    raise Declined(BUSY, "busy", f"{A_DAY} reports in a day")
                kept = ReadinessRow(
                    terminal=asker.terminal,
                    digest=question.digest,
                    report=question.report,
                    signature=question.signature,
                    passed=report.passed,
                    made_at=report.made_at_ms,
                    received_at=now_ms,
                )
                session.add(kept)
            return ReadinessKept(received_at_ms=kept.received_at)


def readiness_reports(session: Session, terminal: str | None = None) -> Sequence[ReadinessRow]:
    """All reports, or those of one terminal, the newest first."""
    query = select(ReadinessRow).order_by(ReadinessRow.received_at.desc(), ReadinessRow.terminal)
    return session.scalars(query if terminal is None else query.where(ReadinessRow.terminal == terminal)).all()


def told(row: ReadinessRow) -> str:
    """A report in a few lines: whether it is ready, what is not well, its devices, and the fingerprint on its paper."""
    report = decode(row.report, ReadinessReport)
    head = (
        f"{report.terminal}  {'ready' if report.passed else 'NOT READY'}  {minute_of(report.made_at_ms)}  "
        f"{report.region}  {report.place}  version {report.version}"
    )
    bad = [one for one in report.checks if one.state not in {"well", "absent"}]
    fingerprint = HandInReadiness(report=row.report, signature=row.signature).fingerprint
    lines = (
        head,
        *(f"    {one.check}: {one.state}, {one.found}" for one in bad),
        *(f"    {one.kind} at {one.name}: {one.told}" for one in report.devices),
        f"    signed, {fingerprint}",
    )
    return "\n".join(map(_on_one_line, lines))


def _on_one_line(told: str) -> str:
    """What a terminal said, which neither begins a line of its own nor tells the operator's console what to do."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in told)
