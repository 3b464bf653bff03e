"""The ledger against a model that is a list: any order of appending, erasing, reopening, reading and damaging."""

import shutil

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kiosk.ledger import Damage, Damaged, Ledger, LedgerReader
from kiosk.records.chain import SealedEntry
from kiosk.records.transaction import Stage, Transaction
from tests.ledgers import SetClock, bytes_on_disk, change, create, opened_by_centre, reopen, transaction
from tests.quick_folder import quick_folder


class LedgerMachine(RuleBasedStateMachine):
    """What the ledger must know, kept in plain lists and sets."""

    def __init__(self) -> None:
        super().__init__()
        self.place = quick_folder("ledger-model-")
        self.folder = self.place / "ledger"
        self.clock = SetClock()
        self.written: list[Transaction] = []
        self.hashes: list[bytes] = []
        self.open: dict[str, int] = {}
        self.erased: set[int] = set()
        self.damaged: set[int] = set()

    @initialize()
    def begin(self) -> None:
        self.ledger: Ledger = create(self.folder, self.clock)

    @rule(number=st.integers(0, 5), stage=st.sampled_from(Stage), hours=st.integers(0, 30))
    def append(self, number: int, stage: Stage, hours: int) -> None:
        self.clock.now += hours * 3600
        written = transaction(number, stage)
        appended = self.ledger.append(written, offset_ms=0)
        self.written.append(written)
        self.hashes.append(appended.hash)
        assert appended.sequence == len(self.written)
        if stage is Stage.BEGUN:
            self.open.setdefault(written.transaction_id, appended.sequence)
        elif written.stage is Stage.STEP:
            if written.transaction_id in self.open:
                self.open[written.transaction_id] = appended.sequence
        elif stage is Stage.FINISHED:
            self.open.pop(written.transaction_id, None)

    @rule()
    def start_anew(self) -> None:
        self.ledger.close()
        self.ledger = reopen(self.folder, self.clock)
        assert set(self.ledger.damage_at_open) == {Damage(sequence, "row_damaged") for sequence in self.damaged}

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        through = data.draw(st.integers(0, len(self.written)))
        going = set(range(1, through + 1)) - self.erased - set(self.open.values())
        with LedgerReader(self.folder) as reader:
            bytes_going = [
                entry.ciphertext
                for entry in reader.entries(0, len(self.written))
                if isinstance(entry, SealedEntry) and entry.sequence in going
            ]
        assert self.ledger.erase(through) == len(going)
        self.erased |= going
        self.damaged -= going
        on_disk = bytes_on_disk(self.folder)
        assert not [ciphertext for ciphertext in bytes_going if ciphertext in on_disk]

    @precondition(lambda self: set(range(1, len(self.written) + 1)) - self.erased)
    @rule(data=st.data(), column=st.sampled_from(["header", "sealed_key", "nonce", "ciphertext"]))
    def rot(self, data: st.DataObject, column: str) -> None:
        sequence = data.draw(st.sampled_from(sorted(set(range(1, len(self.written) + 1)) - self.erased)))
        self.ledger.close()
        change(
            self.folder, f"UPDATE payload SET {column} = CAST({column} || x'00' AS BLOB) WHERE sequence = ?", sequence
        )
        self.damaged.add(sequence)
        self.ledger = reopen(self.folder, self.clock)

    @invariant()
    def the_terminal_knows_what_it_knew(self) -> None:
        if not hasattr(self, "ledger"):
            return
        head = self.ledger.head()
        assert (head.sequence, head.hash) == (len(self.written), self.hashes[-1] if self.hashes else bytes(32))
        assert {one.sequence for one in self.ledger.verify(from_checkpoint=False)} == self.damaged
        assert self.ledger.unfinished() == [
            self.written[sequence - 1] for sequence in sorted(self.open.values()) if sequence not in self.damaged
        ]

    @invariant()
    def the_centre_gets_what_was_written(self) -> None:
        if not hasattr(self, "ledger"):
            return
        with LedgerReader(self.folder) as reader:
            for sequence, entry in enumerate(reader.entries(0, 10_000), 1):
                if isinstance(entry, Damaged):
                    reason = "erased" if sequence in self.erased else "row_damaged"
                    assert entry == Damaged(sequence, self.hashes[sequence - 1], reason)
                    assert sequence in self.erased | self.damaged
                else:
                    assert (entry.sequence, entry.hash) == (sequence, self.hashes[sequence - 1])
                    assert opened_by_centre(reader, entry) == self.written[sequence - 1]
            assert reader.head().sequence == len(self.written)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
        shutil.rmtree(self.place)


LedgerMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLedgerAgainstItsModel = LedgerMachine.TestCase
