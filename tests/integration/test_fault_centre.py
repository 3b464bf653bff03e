"""Each way in which a centre or the line to it can fail, for the uplink and for a citizen's question, and its end.

What fails is real: a forwarder on the line, or a server with the centre's own certificate and nothing of its key.
"""

import ipaddress
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from central.tables import Terminal, TransactionRow
from kiosk import bootstrap
from kiosk.journeys.views import Choices, Fault, Refusal, TakeCard, View
from kiosk.ledger import LedgerReader
from kiosk.records.transaction import Service
from kiosk.uplink import BackOff, Halted, Idle, LineState, ReceiptReader, Resumed, Sent, Step, opened
from simulators.card.slot import CardSlot
from simulators.stand.cable import NetworkCable
from tests.centre import RunningCentre, a_transaction
from tests.terminal import RunningTerminal, TerminalFolder
from tests.unit.test_central_client import Answer, Identity, Server, make_identity, plain, say_nothing

ANSWER_WITHIN_S = 1.0
PIN = "246810"


FAULTS = {
    "down": "unreachable",
    "slow": "unreachable",
    "rubbish": "distrusted",
    "plain 500": "unreachable",
    "plain 502": "unreachable",
    "plain 503": "unreachable",
    "plain 401": "distrusted",
    "signed 401": "signature",
    "wrong certificate": "distrusted",
    "cut": "unreachable",
}
"""Each fault, and why the uplink then waits; after a signed 401 it has halted."""
ANSWERS: dict[str, Answer] = {
    "slow": say_nothing,
    "rubbish": plain(200, {"content-type": "text/html"}, "<h1>请先登录 Wi-Fi</h1>".encode()),
    "plain 500": plain(500, {}, b"Internal Server Error"),
    "plain 502": plain(502, {}, b"Bad Gateway"),
    "plain 503": plain(503, {"retry-after": "1"}, b""),
    "plain 401": plain(401, {"www-authenticate": "Basic"}, b""),
    "wrong certificate": plain(200, {}, b""),
}


@dataclass
class Line:
    """The terminal's way to its centre, and how to spoil it."""

    folder: TerminalFolder
    cable: NetworkCable
    stranger: Identity
    servers: list[Server]

    @property
    def good(self) -> str:
        return f"https://127.0.0.1:{self.cable.port}"

    def spoil(self, fault: str) -> None:
        """Bring the fault about."""
        centre = self.folder.centre
        match fault:
            case "down":
                self.cable.unplug()
            case "cut":
                self.cable.cut_next_answer()
            case "signed 401":
                self._register(Ed25519PrivateKey.generate())
            case _:
                genuine = Identity(centre.ca_file, self._chain())
                server = Server(self.stranger if fault == "wrong certificate" else genuine, ANSWERS[fault])
                self.servers.append(server)
                threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
                self.folder.configure(server.url)

    def mend(self) -> None:
        """Everything is as it should be."""
        self.cable.plug()
        self._register(self.folder.key)
        self.folder.configure(self.good)

    def _register(self, key: Ed25519PrivateKey) -> None:
        with self.folder.centre.database.writing() as session:
            known = key.public_key().public_bytes_raw()
            session.execute(update(Terminal).where(Terminal.id == self.folder.id).values(public_key=known))

    def _chain(self) -> Path:
        settings = self.folder.centre.settings
        chain = self.folder.directory / "front.pem"
        chain.write_bytes(settings.tls_key.read_bytes() + settings.tls_certificate.read_bytes())
        return chain


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "stranger", x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


@pytest.fixture
def line(tmp_path: Path, centre: RunningCentre, stranger: Identity, request: pytest.FixtureRequest) -> Iterator[Line]:
    cable = NetworkCable(centre.port)
    region = getattr(request, "param", "zhumadian")
    made = Line(
        TerminalFolder.enrolled(
            tmp_path / "terminal", centre, terminal=f"{region}-1", region=region,
            url=f"https://127.0.0.1:{cable.port}",
        ), cable, stranger, [],
    )  # fmt: skip
    yield made
    for server in made.servers:
        server.ending.set()
        server.shutdown()
        server.server_close()
    cable.close()


def steps(folder: TerminalFolder, *, cut_first_batch: Callable[[], None] | None = None) -> list[Step]:
    """What a fresh uplink does until something is in the way or nothing is left."""
    settings = replace(bootstrap.uplink_settings(folder.configuration), answer_within_s=ANSWER_WITHIN_S)
    with opened(settings) as uplink:
        done = [uplink.step()]
        if cut_first_batch is not None:
            cut_first_batch()
        while isinstance(done[-1], Sent | Resumed):
            done.append(uplink.step())
    return done


def standing(folder: TerminalFolder) -> tuple[LineState, str, int]:
    """How the line stands by the receipts, and how far the centre's signatures go."""
    settings = bootstrap.uplink_settings(folder.configuration)
    with LedgerReader(settings.ledger) as ledger:
        reader = ReceiptReader(settings.receipts, ledger.ledger_id, folder.id, settings.centre_keys)
    found = reader.standing()
    proven = reader.proven_through()
    reader.close()
    return found.line, found.reason, proven


def write(folder: TerminalFolder, count: int) -> None:
    with folder.journal() as book:
        for _ in range(count):
            book.append(a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip"))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_uplink_waits_and_then_everything_arrives_once(line: Line, fault: str) -> None:
    folder, reason = line.folder, FAULTS[fault]
    write(folder, 3)
    line.spoil(fault)
    stopped = steps(folder)[-1]
    assert isinstance(stopped, Halted if fault == "signed 401" else BackOff)
    assert stopped.reason == reason
    assert standing(folder) == (LineState.HALTED if fault == "signed 401" else LineState.WAITING, reason, 0)
    assert folder.stored() == []
    line.mend()
    assert steps(folder) == [Resumed(), Sent(3, 3), Idle()]
    assert [(sequence, verdict) for sequence, _, verdict, _ in folder.stored()] == [
        (1, "applied"), (2, "applied"), (3, "applied"),
    ]  # fmt: skip
    assert standing(folder) == (LineState.SENDING, "", 3)


def test_a_receipt_cut_in_the_middle_comes_again(line: Line) -> None:
    """The centre has stored the batch, and the terminal must not believe it before it has the whole receipt."""
    folder = line.folder
    write(folder, 3)
    done = steps(folder, cut_first_batch=line.cable.cut_next_answer)
    assert done[0] == Resumed()
    assert isinstance(done[1], BackOff)
    assert standing(folder) == (LineState.WAITING, "unreachable", 0)
    before = folder.stored()
    assert len(before) == 3
    assert steps(folder) == [Resumed(), Sent(3, 3), Idle()]
    assert folder.stored() == before
    with folder.centre.database.reading() as session:
        effects = session.scalars(select(TransactionRow.effects).where(TransactionRow.terminal == folder.id))
        assert list(effects) == [1, 1, 1]


def ends(terminal: RunningTerminal) -> View:
    """Take the card, and see how it ended."""
    terminal.sees(TakeCard)
    terminal.slot.pull()
    terminal.until(lambda: isinstance(terminal.view, Choices | Refusal | Fault), "an ending")
    return terminal.view


@pytest.mark.stack
@pytest.mark.parametrize("fault", FAULTS)
def test_a_query_says_what_the_chip_knows(line: Line, slot: CardSlot, fault: str) -> None:
    """The chip holds the PIN here: without the centre the citizen sees what is on the card, and that it is not all."""
    line.spoil(fault)
    with RunningTerminal(line.folder, slot, answer_within_s=ANSWER_WITHIN_S) as terminal:
        terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
        terminal.types(PIN)
        found = ends(terminal)
        assert isinstance(found, Choices)
        # A question whose answer alone was lost is asked again, and nobody notices.
        assert ("联系不上" in str(found)) is (fault != "cut")
    line.mend()
    with RunningTerminal(line.folder, slot, answer_within_s=ANSWER_WITHIN_S) as terminal:
        terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
        terminal.types(PIN)
        found = ends(terminal)
        assert isinstance(found, Choices)
        assert "联系不上" not in str(found)
    assert steps(line.folder)[-1] == Idle()
    with line.folder.centre.database.reading() as session:
        rows = session.execute(
            select(TransactionRow.outcome, TransactionRow.reason).order_by(TransactionRow.finished_sequence)
        ).all()
    broken = ("done", "") if fault == "cut" else ("partly_done", "centre_unreachable")
    assert [tuple(row) for row in rows] == [broken, ("done", "")]


@pytest.mark.stack
@pytest.mark.parametrize("line", ["beijing"], indirect=True)
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "cut"])
def test_where_the_centre_holds_the_pin_nothing_is_changed(line: Line, slot: CardSlot, fault: str) -> None:
    line.spoil(fault)
    with RunningTerminal(line.folder, slot, answer_within_s=ANSWER_WITHIN_S) as terminal:
        terminal.chooses(Service.PIN_CHANGE, "beijing-normal")
        refusal = ends(terminal)
        assert isinstance(refusal, Refusal)
        assert refusal.code == ("N-04" if fault == "signed 401" else "N-01")
