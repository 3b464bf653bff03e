"""The centre hears how terminals are: the newest word of each, and what they had left hour by hour."""

import msgspec
import pytest
from sqlalchemy import func, select

from central.enrolment import revoke
from central.telemetry import HOUR_MS, KEPT_MS
from central.telemetry_tables import SupplyReading, TerminalWord
from kiosk.records.health import Supplies
from kiosk.records.telemetry import Standing, Telemetry, TelemetryTaken
from tests.centre import Refusal, RunningCentre

NOON_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS


def a_word(**changes: object) -> Telemetry:
    word = Telemetry(
        sent_at_ms=NOON_MS,
        version="0.1.0",
        sheet_age_s=3,
        standing=Standing.WAITS,
        supplies=Supplies(paper="enough", hopper=100, reject_bin=3, reject_bin_size=20),
    )
    return msgspec.structs.replace(word, **changes)


def kept(centre: RunningCentre) -> list[SupplyReading]:
    with centre.database.reading() as session:
        return list(session.scalars(select(SupplyReading).order_by(SupplyReading.terminal, SupplyReading.hour)))


def test_the_newest_word_takes_the_place_of_the_one_before(any_centre: RunningCentre) -> None:
    centre = any_centre
    centre.clock.held_ms = NOON_MS
    terminal, other = centre.enrol(), centre.enrol("zmd-0002")
    centre.ask(terminal, "/v1/telemetry", a_word(), TelemetryTaken)
    centre.ask(other, "/v1/telemetry", a_word(version="0.0.9"), TelemetryTaken)
    centre.clock.held_ms += 60_000
    newer = a_word(standing=Standing.CLOSED, closed_by="P-01")
    assert centre.ask(terminal, "/v1/telemetry", newer, TelemetryTaken).at_ms == NOON_MS + 60_000
    with centre.database.reading() as session:
        words = {row.terminal: row for row in session.scalars(select(TerminalWord))}
    assert words["zmd-0001"].received_at == NOON_MS + 60_000
    assert msgspec.json.decode(words["zmd-0001"].told, type=Telemetry) == newer
    assert words["zmd-0002"].received_at == NOON_MS


def test_an_hour_has_one_reading_and_a_quarter_of_a_year_is_kept(any_centre: RunningCentre) -> None:
    centre = any_centre
    centre.clock.held_ms = NOON_MS
    terminal = centre.enrol()
    for hopper in (100, 99):
        centre.ask(terminal, "/v1/telemetry", a_word(supplies=Supplies(hopper=hopper)), TelemetryTaken)
        centre.clock.held_ms += HOUR_MS - 1
        centre.clock.held_ms = NOON_MS + HOUR_MS - 1
    assert [(one.hour, one.hopper) for one in kept(centre)] == [(NOON_MS // HOUR_MS, 99)]
    centre.clock.held_ms = NOON_MS + HOUR_MS
    centre.ask(terminal, "/v1/telemetry", a_word(), TelemetryTaken)
    first, second = kept(centre)
    assert (second.hopper, second.reject_bin_room, second.retained_bin_room) == (100, 17, None)
    centre.clock.held_ms = NOON_MS + KEPT_MS + HOUR_MS
    centre.ask(terminal, "/v1/telemetry", a_word(), TelemetryTaken)
    assert first.hour not in {one.hour for one in kept(centre)}
    assert len(kept(centre)) == 2


def test_only_enrolled_terminals_are_heard_and_free_words_of_none(centre: RunningCentre) -> None:
    terminal = centre.enrol()
    planted = msgspec.json.encode(a_word()).replace(b'"0.1.0"', '"张示例"'.encode())
    reply = centre.post(terminal, "/v1/telemetry", planted)
    assert (reply.status, reply.problem.type) == (400, "malformed")
    revoke(centre.database, terminal.id, centre.clock)
    with pytest.raises(Refusal):
        centre.ask(terminal, "/v1/telemetry", a_word(), TelemetryTaken)
    with centre.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(TerminalWord)) == 0


def test_a_word_with_a_field_that_the_centre_does_not_know_is_malformed_and_the_next_is_heard(
    centre: RunningCentre,
) -> None:
    terminal = centre.enrol()
    newer = msgspec.json.encode(a_word())[:-1] + b',"humidity":40}'
    reply = centre.post(terminal, "/v1/telemetry", newer)
    assert (reply.status, reply.problem.type) == (400, "malformed")
    centre.ask(terminal, "/v1/telemetry", a_word(), TelemetryTaken)
