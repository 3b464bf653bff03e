"""What the centre makes of the movements of blank cards: its own balance, and what can't be told to staff."""

import threading
from collections.abc import Mapping

import msgspec
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.blank_custody import balance_of
from central.query import blank_stocks
from central.tables import Alarm, BlankMovement, BlankStock, Entry
from kiosk.custody import StockBook
from kiosk.ledger import Ledger
from kiosk.records.canonical import canonical
from kiosk.records.chain import SealedEntry
from kiosk.records.custody import Balance, Counted, Move, Movement, Place
from kiosk.records.upload import Receipt, Tombstone
from kiosk.uplink import Idle, ReceiptReader, Sent, UplinkSettings, opened
from tests.centre import EnrolledTerminal, LedgerWriter, RunningCentre, a_header, a_transaction
from tests.ledgers import SIZES, SetClock

ENTRIES = "/v1/entries"
JOB, OTHER = "a1" * 16, "b2" * 16
CODE = "411700D156000005000000000000A001"
TWO = {"by": "1017", "and_by": "李组长"}
Said = list[tuple[str, str]]


class Pages:
    """A ledger in memory for the book: what it wrote waits in ``entries`` for its upload."""

    def __init__(self, writer: LedgerWriter) -> None:
        self.writer, self.entries = writer, list[SealedEntry]()
        self._kept: dict[str, bytes] = {}

    def append_movement(self, movement: Movement, *, offset_ms: int, keep: Mapping[str, bytes | None]) -> None:
        self.entries.append(self.writer.append(movement))
        self._kept |= {name: value for name, value in keep.items() if value is not None}

    def kept(self, name: str) -> bytes | None:
        return self._kept.get(name)


class Kiosk:
    """A terminal with a book of its blanks, enrolled."""

    def __init__(self, centre: RunningCentre, terminal: EnrolledTerminal) -> None:
        self.centre, self.writer = centre, LedgerWriter(terminal, centre)
        self.pages = Pages(self.writer)
        self.book = StockBook(self.pages, "zhumadian", SIZES, clock=SetClock(), offset_ms=lambda: 0)

    def upload(self, *entries: SealedEntry | Tombstone) -> Said:
        """Send these, or all that the book wrote since the last time."""
        new: list[SealedEntry | Tombstone] = list(entries) or [*self.pages.entries]
        self.pages.entries.clear()
        sealed = [one for one in new if isinstance(one, SealedEntry)]
        stones = [one for one in new if isinstance(one, Tombstone)]
        receipt = self.centre.ask(self.writer.terminal, ENTRIES, self.writer.batch(sealed, stones), Receipt)
        return [(one.verdict.value, one.reason) for one in receipt.judgements]

    def claim(self, movement: Movement) -> Said:
        """Send a movement that no book would write."""
        return self.upload(self.writer.append(movement))

    def balance(self) -> Balance:
        with self.centre.database.reading() as session:
            terminal = self.writer.terminal
            return balance_of(session.get_one(BlankStock, (terminal.id, terminal.ledger_id)))


@pytest.fixture
def kiosk(any_centre: RunningCentre) -> Kiosk:
    return Kiosk(any_centre, any_centre.enrol())


def alarms(centre: RunningCentre) -> list[tuple[str, str]]:
    with centre.database.reading() as session:
        return [(one.kind, one.detail) for one in session.scalars(select(Alarm).order_by(Alarm.number))]


def page(centre: RunningCentre) -> list[dict[str, object]]:
    answer = requests.get(f"{centre.url}/overview.json", timeout=10, verify=str(centre.ca_file))
    stocks: list[dict[str, object]] = answer.json()["stocks"]
    return stocks


def applied(count: int) -> Said:
    return [("applied", "")] * count


def test_the_centre_keeps_its_own_balance(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.book.feed(JOB)
    kiosk.book.identify(JOB, CODE)
    kiosk.book.present(JOB)
    kiosk.book.take(JOB)
    assert kiosk.upload() == applied(5)
    kiosk.book.feed(OTHER)
    kiosk.book.reject(OTHER, "chip_dead")
    kiosk.book.empty(Place.REJECT_BIN, 1, **TWO)
    kiosk.book.close_out(Counted(hopper=8, printer=0, reject_bin=0, retained_bin=0), **TWO)
    assert kiosk.upload() == applied(4)
    assert kiosk.balance() == Balance(handed_over=10, hopper=8, citizen=1, staff=1) == kiosk.book.stock().balance
    assert alarms(kiosk.centre) == []
    (shown,) = page(kiosk.centre)
    assert (shown["terminal"], shown["hopper"], shown["citizen"], shown["staff"]) == ("zmd-0001", 8, 1, 1)
    assert (shown["handed_over"], shown["balances"], shown["flagged"], shown["newest"]) == (10, True, 0, True)
    assert shown["closed_out"] == a_header().created_ms
    with kiosk.centre.database.reading() as session:
        taken = session.scalars(select(BlankMovement).where(BlankMovement.move == "taken")).one()
        assert (taken.job, taken.identification_code, taken.number, taken.sequence) == (JOB, CODE, 5, 5)
        emptied = session.scalars(select(BlankMovement).where(BlankMovement.move == "emptied")).one()
        assert (emptied.place, emptied.count, emptied.signed_by, emptied.and_by) == ("reject_bin", 1, "1017", "李组长")


def test_movements_and_transactions_come_in_one_batch(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(2, **TWO)
    kiosk.pages.entries.append(kiosk.writer.append(a_transaction()))
    kiosk.book.feed(JOB)
    assert kiosk.upload() == applied(3)
    assert kiosk.balance() == Balance(handed_over=2, hopper=1, printer=1)


def test_the_same_batch_again_moves_nothing_twice(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.book.feed(JOB)
    entries = [*kiosk.pages.entries]
    assert kiosk.upload() == kiosk.upload(*entries) == applied(2)
    assert kiosk.balance() == Balance(handed_over=10, hopper=9, printer=1)
    assert alarms(kiosk.centre) == []


def test_more_taken_than_handed_over_is_told_once_and_the_rest_goes_on(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(1, **TWO)
    kiosk.book.feed(JOB)
    kiosk.book.present(JOB)
    kiosk.book.take(JOB)
    assert kiosk.upload() == applied(4)
    conjured = Movement(number=5, move=Move.TAKEN, job=OTHER, after=Balance(handed_over=1, citizen=2))
    assert kiosk.claim(conjured) == [("refused", "does_not_balance")]
    covered_up = msgspec.structs.replace(conjured, number=6, after=Balance(handed_over=2, citizen=2))
    assert kiosk.claim(covered_up) == [("refused", "not_presented")]
    assert alarms(kiosk.centre) == [
        ("stock_impossible", "does_not_balance, movement 5"),
        ("stock_impossible", "not_presented, movement 6"),
    ]
    assert kiosk.balance() == Balance(handed_over=2, citizen=2), "from here on by the terminal's word"
    after = Balance(handed_over=5, hopper=3, citizen=2)
    more = Movement(number=7, move=Move.HANDED_OVER, count=3, by="1017", and_by="1018", after=after)
    assert kiosk.claim(more) == applied(1)
    assert page(kiosk.centre)[0]["flagged"] == 2
    count = msgspec.structs.replace(more, number=8, move=Move.COUNTED, count=1, counted=after.as_counted())
    assert kiosk.claim(count) == applied(1)
    assert page(kiosk.centre)[0]["flagged"] == 0, "two people have looked"
    assert len(alarms(kiosk.centre)) == 2, "what was told stays on record"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"after": Balance(handed_over=10, hopper=8, printer=2)}, "another_balance"),
        ({"number": 1}, "movement_repeated"),
        ({"number": 4}, "movements_missing"),
        ({"move": Move.PRESENTED, "after": Balance(handed_over=10, hopper=9, exit=1)}, "not_in_printer"),
        ({"job": "short"}, "incomplete"),
    ],
)
def test_a_movement_that_can_not_be_is_refused_with_its_reason(
    kiosk: Kiosk, change: dict[str, object], reason: str
) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.upload()
    right = Movement(number=2, move=Move.FED, job=JOB, after=Balance(handed_over=10, hopper=9, printer=1))
    assert kiosk.claim(msgspec.structs.replace(right, **change)) == [("refused", reason)]
    assert [kind for kind, _ in alarms(kiosk.centre)] == ["stock_impossible"]


def test_one_person_does_not_sign_for_two_at_the_centre_either(kiosk: Kiosk) -> None:
    alone = Movement(
        number=1, move=Move.HANDED_OVER, count=9, by="1017", and_by="1017", after=Balance(handed_over=9, hopper=9)
    )
    assert kiosk.claim(alone) == [("refused", "two_people")]


def test_a_job_is_fed_once_whatever_the_terminal(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.book.feed(JOB)
    kiosk.book.reject(JOB, "chip_dead")
    assert kiosk.upload() == applied(3)
    after = Balance(handed_over=10, hopper=8, printer=1, reject_bin=1)
    assert kiosk.claim(Movement(number=4, move=Move.FED, job=JOB, after=after)) == [("refused", "fed_before")]
    other = Kiosk(kiosk.centre, kiosk.centre.enrol("zmd-0002"))
    other.book.hand_over(10, **TWO)
    other.book.feed(JOB)
    other.book.present(JOB)
    assert other.upload() == [("applied", ""), ("refused", "fed_before"), ("applied", "")]
    assert alarms(kiosk.centre) == [
        ("stock_impossible", "fed_before, movement 4"),
        ("stock_impossible", "fed_before, movement 2"),
    ]


def test_two_terminals_that_feed_one_job_at_the_same_moment_do_not_both_get_by(any_centre: RunningCentre) -> None:
    terminals = [Kiosk(any_centre, any_centre.enrol(f"zmd-{number:04d}")) for number in range(4)]
    for one in terminals:
        one.book.hand_over(5, **TWO)
        one.book.feed(JOB)
    said: list[Said] = []
    threads = [threading.Thread(target=lambda one=one: said.append(one.upload())) for one in terminals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one[1] for one in said) == [("applied", "")] + [("refused", "fed_before")] * 3


def test_an_explained_difference_is_applied_and_told(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    counted = Counted(hopper=9, printer=0, reject_bin=0, retained_bin=0)
    kiosk.book.close_out(counted, **TWO, explanation="one was bent")
    assert kiosk.upload() == applied(3)
    assert alarms(kiosk.centre) == [("stock_difference", "hopper -1, movement 2")]
    assert kiosk.balance() == Balance(handed_over=10, hopper=9, missing=1)
    assert page(kiosk.centre)[0]["missing"] == 1
    with kiosk.centre.database.reading() as session:
        told = session.scalars(select(BlankMovement).where(BlankMovement.move == "difference")).one()
        assert told.explanation == "one was bent"


def test_two_blanks_at_once_are_in_the_balance_and_told_to_staff(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.book.feed(JOB)
    kiosk.book.two_fed(JOB)
    kiosk.book.reject(JOB, "device")
    assert kiosk.upload() == applied(4)
    assert kiosk.balance() == Balance(handed_over=10, hopper=8, reject_bin=2) == kiosk.book.stock().balance
    assert alarms(kiosk.centre) == [("stock_two_fed", "movement 3")]
    kiosk.book.close_out(Counted(hopper=8, printer=0, reject_bin=2, retained_bin=0), **TWO)
    kiosk.book.feed(OTHER)
    assert kiosk.upload() == applied(2)


def test_a_second_blank_without_a_first_is_refused(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    assert kiosk.upload() == applied(1)
    after = Balance(handed_over=10, hopper=9, printer=1)
    assert kiosk.claim(Movement(number=2, move=Move.TWO_FED, job=JOB, after=after)) == [("refused", "not_in_printer")]


def test_a_lost_entry_shows_at_the_next_movement(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.book.feed(JOB)
    kiosk.book.present(JOB)
    kiosk.book.take(JOB)
    first, lost, third, last = kiosk.pages.entries
    stone = kiosk.writer.tombstone(lost)
    assert kiosk.upload(first, stone, third, last) == [
        ("applied", ""), ("lost", "row_damaged"), ("refused", "movements_missing"), ("applied", "")
    ]  # fmt: skip
    assert kiosk.balance() == Balance(handed_over=10, hopper=9, citizen=1)


def test_a_movement_under_another_header_and_a_transaction_under_its_own_are_refused(kiosk: Kiosk) -> None:
    movement = Movement(
        number=1, move=Move.HANDED_OVER, count=2, by="1017", and_by="1018", after=Balance(handed_over=2, hopper=2)
    )
    disguised = kiosk.writer.append(canonical(movement), header=a_header())
    header = msgspec.structs.replace(a_header(), service="blank_custody", stage="fed", outcome=None)
    other = kiosk.writer.append(a_transaction(), header=header)
    never = kiosk.writer.append(msgspec.structs.replace(movement, after=Balance(handed_over=-1)))
    assert kiosk.upload(disguised, other, never) == [("refused", "malformed_payload")] * 3
    with kiosk.centre.database.reading() as session:
        assert session.scalars(select(BlankStock)).all() == []
        assert len(session.scalars(select(Entry)).all()) == 3


def test_a_new_ledger_begins_at_nothing_and_the_old_one_stays_until_its_cards_are_accounted_for(kiosk: Kiosk) -> None:
    kiosk.book.hand_over(10, **TWO)
    kiosk.upload()
    kiosk.centre.clock.held_ms = int(kiosk.centre.clock() * 1000) + 5_000
    fresh = Kiosk(kiosk.centre, kiosk.centre.replace_ledger(kiosk.writer.terminal))
    fresh.book.hand_over(10, **TWO)
    fresh.upload()
    assert [(one["newest"], one["held"]) for one in page(kiosk.centre)] == [(True, 10), (False, 10)]
    with kiosk.centre.database.writing() as session:
        row = session.get_one(BlankStock, (kiosk.writer.terminal.id, kiosk.writer.terminal.ledger_id))
        row.hopper, row.staff = 0, 10
    with kiosk.centre.database.reading() as session:
        assert [one["newest"] for one in blank_stocks(session)] == [True]


def test_from_a_real_ledger_through_the_uplink_over_erasure(
    centre: RunningCentre, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, key = tmp_path_factory.mktemp("kiosk"), Ed25519PrivateKey.generate()
    with Ledger.create(folder / "ledger", "zmd-0009", bytes(32), centre.opening_key) as ledger:
        centre.register(EnrolledTerminal("zmd-0009", "zhumadian", key, ledger.ledger_id, "PAD99999", bytes(16)))
        settings = UplinkSettings(
            ledger=folder / "ledger", receipts=folder / "receipts", clock_offset=folder / "offset",
            centre=centre.url, ca=centre.ca_file, terminal="zmd-0009", key=key,
            centre_keys={centre.keys.key_id: centre.signing_key},
        )  # fmt: skip
        book = StockBook(ledger, "zhumadian", SIZES, clock=SetClock(), offset_ms=lambda: 0)
        with opened(settings) as uplink:
            for round_ in range(3):
                book.hand_over(4, **TWO)
                job = f"{round_:032x}"
                book.feed(job)
                book.present(job)
                book.take(job)
                while not isinstance(uplink.step(), Idle | Sent):
                    pass
                while not isinstance(uplink.step(), Idle):
                    pass
                receipts = ReceiptReader(
                    folder / "receipts", ledger.ledger_id, "zmd-0009", {centre.keys.key_id: centre.signing_key}
                )
                assert ledger.erase(receipts.proven_through()) > 0
                assert receipts.for_staff() == []
                receipts.close()
    with centre.database.reading() as session:
        row = session.get_one(BlankStock, ("zmd-0009", ledger.ledger_id))
        assert balance_of(row) == Balance(handed_over=12, hopper=9, citizen=3)
        assert (row.flagged, row.movements) == (0, 12)
