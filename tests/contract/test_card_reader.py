"""What every card reader keeps to, on the simulator or, with ``--hardware card_reader=NAME``, on a real one.

On the simulator everything but the card is real: pcscd, its reader driver's protocol, pyscard, the sockets between.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from drivers.card_reader import PcscCardReader
from drivers.ports.card_reader import (
    AuthenticationAlgorithm,
    CardKind,
    CardReader,
    Challenge,
    Cryptogram,
    DamagedRecord,
    ExternalAuthenticationRefused,
    HolderDataProtected,
    LoggedKind,
    LoggedTransaction,
    PinCheck,
    SocialSecurityCard,
)
from drivers.ports.errors import Busy, DeviceError, MediaRemoved, NotConnected, ProtocolViolation, TimedOut
from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile
from simulators.card.slot import CardSlot, SlotFault
from simulators.pcscd import READER_NAME, PrivatePcscd
from tests.stack import INSERT_LIMIT_S, READER_LIMIT_S, Hands, HumanHands, SimulatedHands, chip, typed

pytestmark = pytest.mark.stack
HUMAN_LIMIT_S = 60.0
FIRED_WITHIN_S = READER_LIMIT_S + 0.5
"""The watch looks every 0.25 s; the rest is a busy machine's."""


@dataclass
class Bench:
    """A reader under test and whoever serves its slot."""

    reader: CardReader
    hands: Hands
    limit_s: float

    def insert(self, card: str | CardApplication) -> CardKind:
        """Put a card in and wait until the reader has it."""
        self.hands.insert(card)
        return self.reader.wait_for_card(self.limit_s)

    def serve(self, card: str | CardApplication) -> SocialSecurityCard:
        """The same for a social-security card."""
        assert self.insert(card) is CardKind.SOCIAL_SECURITY
        return self.reader.card()

    def pull(self) -> None:
        """Take it out and wait until the reader has noticed."""
        self.reader.release()
        self.hands.pull()
        self.reader.wait_for_removal(self.limit_s)


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    devices = dict(entry.split("=", 1) for entry in request.config.getoption("hardware") or [])
    if "card_reader" in devices:
        hands: Hands = HumanHands()
        reader = PcscCardReader(devices["card_reader"])
        limit_s = HUMAN_LIMIT_S
    else:
        hands = SimulatedHands(request.getfixturevalue("slot"), request.getfixturevalue("pcscd"))
        reader = PcscCardReader(READER_NAME, answer_limit_s=READER_LIMIT_S)
        limit_s = INSERT_LIMIT_S
    yield Bench(reader, hands, limit_s)
    reader.close()


def took(call: Callable[[], object]) -> float:
    """Seconds of a call that ends in a device error."""
    begin = time.monotonic()
    with pytest.raises(DeviceError):
        call()
    return time.monotonic() - begin


# The slot


def test_an_empty_slot_times_out(bench: Bench) -> None:
    assert bench.reader.card_present() is False
    begin = time.monotonic()
    with pytest.raises(TimedOut):
        bench.reader.wait_for_card(0.3)
    assert 0.25 <= time.monotonic() - begin < 1.5
    bench.reader.wait_for_removal(0.0)


def test_a_card_that_is_there_already_counts(bench: Bench) -> None:
    assert bench.insert("zhumadian-normal") is CardKind.SOCIAL_SECURITY
    assert bench.reader.card_present() is True
    assert bench.reader.wait_for_card(0.0) is CardKind.SOCIAL_SECURITY
    assert bench.reader.card_present() is True
    with pytest.raises(TimedOut):
        bench.reader.wait_for_removal(0.2)
    bench.pull()
    assert bench.reader.card_present() is False


def test_there_is_no_card_to_talk_to_before_one_was_found_or_after_release(bench: Bench) -> None:
    with pytest.raises(MediaRemoved):
        bench.reader.card()
    card = bench.serve("zhumadian-normal")
    bench.reader.release()
    bench.reader.release()
    with pytest.raises(MediaRemoved):
        bench.reader.card()
    with pytest.raises(MediaRemoved):
        card.read_issuer()
    bench.pull()


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("zhumadian-normal", CardKind.SOCIAL_SECURITY),
        ("zhumadian-initial-pin", CardKind.SOCIAL_SECURITY),
        ("zhumadian-locked", CardKind.SOCIAL_SECURITY),
        ("zhumadian-3.00", CardKind.SOCIAL_SECURITY),
        ("beijing-normal", CardKind.SOCIAL_SECURITY),
        ("beijing-x", CardKind.SOCIAL_SECURITY),
        ("beijing-3.00", CardKind.SOCIAL_SECURITY),
        ("expired", CardKind.SOCIAL_SECURITY),
        ("clone-of-zhumadian-normal", CardKind.SOCIAL_SECURITY),
        ("blank", CardKind.BLANK),
        ("bank-only", CardKind.BANK_ONLY),
    ],
)
def test_kinds(bench: Bench, name: str, kind: CardKind) -> None:
    assert bench.insert(name) is kind


@pytest.mark.simulated
def test_kinds_without_any_environment_or_answer(bench: Bench, slot: CardSlot) -> None:
    assert bench.insert(CardApplication(CardFile(about="", region="0000", serial="00000000"))) is CardKind.FOREIGN
    bench.pull()
    slot.faults.fail_next(SlotFault.DEAD_ATR)
    assert bench.insert("zhumadian-normal") is CardKind.DEAD
    with pytest.raises(MediaRemoved):
        bench.reader.card()
    bench.pull()
    assert bench.insert("zhumadian-normal") is CardKind.SOCIAL_SECURITY


def test_any_social_security_card_can_be_read(bench: Bench) -> None:
    card = bench.serve("zhumadian-normal")
    issuer = card.read_issuer()
    assert len(issuer.identification_code) == 32
    assert issuer.issued_on < issuer.expires_on
    before = card.pin_tries_left()
    assert card.pin_tries_left() == before
    bench.pull()


# What the card says


@pytest.mark.simulated
def test_issuer_data(bench: Bench) -> None:
    issuer = bench.serve("zhumadian-normal").read_issuer()
    assert issuer.identification_code == "411700D1560000050000000000001001"
    assert issuer.card_class == "1"
    assert issuer.norm_version == "2.00"
    assert issuer.initialising_body == "411700000000000000000001"
    assert issuer.issued_on.isoformat() == "2021-03-01"
    assert issuer.expires_on.isoformat() == "2099-12-31"
    assert issuer.card_number == "T41170015"
    assert issuer.region_code == "4117"


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("card", "name", "number", "born"),
    [
        ("zhumadian-normal", "张示例", "411700198504121036", "1985-04-12"),
        ("beijing-x", "吴假设", "11000019760229207X", "1976-02-29"),
        ("rare-name", "欧阳\U0002cc56\u3402", "411700199503151051", "1995-03-15"),
        ("long-name", "阿卜杜热合曼·吐尔逊江示例人\U0002cc56\u3402", "411700196909231066", "1969-09-23"),
    ],
)
def test_holder_data(bench: Bench, card: str, name: str, number: str, born: str) -> None:
    holder = bench.serve(card).read_holder()
    assert holder.name == name
    assert holder.social_security_number == number
    assert holder.birth_date.isoformat() == born
    assert number not in repr(holder)
    assert name not in repr(holder)


@pytest.mark.simulated
def test_the_transaction_log_is_read_newest_first(bench: Bench) -> None:
    card = bench.serve("zhumadian-normal")
    log = card.read_transaction_log()
    assert log is not None
    newest = LoggedTransaction(1, datetime(2026, 10, 27, 9, 30, 12), LoggedKind.OUTPATIENT, 8650, "示例县人民医院")  # noqa: DTZ001 - the chip's own time
    assert log[0] == newest
    assert [one.kind for one in log if isinstance(one, LoggedTransaction)] == [
        LoggedKind.OUTPATIENT,
        LoggedKind.PHARMACY,
        LoggedKind.OUTPATIENT,
        LoggedKind.REFUND,
    ]
    assert "示例县人民医院" not in repr(log)
    assert card.read_issuer().card_number == "T41170015", "the card goes on after it"
    assert card.verify_pin(typed("246810")).accepted
    assert card.read_transaction_log() == log


@pytest.mark.simulated
def test_a_damaged_record_of_the_log_is_told(bench: Bench) -> None:
    log = bench.serve("beijing-normal").read_transaction_log()
    assert log is not None
    assert log[1] == DamagedRecord(2)
    assert isinstance(log[0], LoggedTransaction)
    assert isinstance(log[2], LoggedTransaction)


@pytest.mark.simulated
def test_a_log_without_records_and_a_chip_without_a_log(bench: Bench) -> None:
    assert bench.serve("zhumadian-initial-pin").read_transaction_log() == ()
    bench.pull()
    assert bench.serve("zhumadian-locked").read_transaction_log() is None


# PIN


@pytest.mark.simulated
def test_tries_are_told_without_spending_one(bench: Bench) -> None:
    card = bench.serve("zhumadian-normal")
    assert [card.pin_tries_left() for _ in range(3)] == [6, 6, 6]


@pytest.mark.simulated
def test_a_chip_without_a_pin_does_not_say(bench: Bench) -> None:
    assert bench.serve("beijing-normal").pin_tries_left() is None


@pytest.mark.simulated
def test_a_wrong_pin_spends_a_try_and_a_right_one_gives_all_back(bench: Bench) -> None:
    card = bench.serve("zhumadian-normal")
    assert card.verify_pin(typed("111111")) == PinCheck(accepted=False, tries_left=5)
    assert card.verify_pin(typed("24681")) == PinCheck(accepted=False, tries_left=4)
    assert card.pin_tries_left() == 4
    assert card.verify_pin(typed("246810")).accepted
    assert card.pin_tries_left() == 6


@pytest.mark.simulated
def test_six_wrong_pins_lock_the_card_for_good(bench: Bench) -> None:
    kept: list[CardFile] = []
    card = bench.serve(chip("zhumadian-normal", kept.append))
    assert [card.verify_pin(typed("999999")).tries_left for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    assert card.verify_pin(typed("246810")).locked
    assert card.change_pin(typed("246810"), typed("135791")).locked
    bench.pull()
    card = bench.serve(CardApplication(kept[-1]))
    assert card.pin_tries_left() == 0
    assert card.verify_pin(typed("246810")).locked


@pytest.mark.simulated
def test_a_locked_card(bench: Bench) -> None:
    card = bench.serve("zhumadian-locked")
    assert card.pin_tries_left() == 0
    assert card.verify_pin(typed("135790")) == PinCheck(accepted=False, tries_left=0)


@pytest.mark.simulated
def test_a_changed_pin_stays_changed(bench: Bench) -> None:
    kept: list[CardFile] = []
    card = bench.serve(chip("zhumadian-initial-pin", kept.append))
    assert card.change_pin(typed("111111"), typed("864203")) == PinCheck(accepted=False, tries_left=5)
    assert card.change_pin(typed("123456"), typed("864203")).accepted
    assert card.pin_tries_left() == 6
    bench.pull()
    card = bench.serve(CardApplication(kept[-1]))
    assert card.verify_pin(typed("123456")) == PinCheck(accepted=False, tries_left=5)
    assert card.verify_pin(typed("864203")).accepted


@pytest.mark.simulated
def test_no_digit_of_a_pin_reaches_a_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    card = bench.serve("zhumadian-normal")
    card.verify_pin(typed("246810"))
    card.change_pin(typed("246810"), typed("975319"))
    assert "INS 20 SW 9000" in caplog.text
    assert "INS 5E SW 9000" in caplog.text
    assert "246810" not in caplog.text
    assert "975319" not in caplog.text


# Keys


@pytest.mark.simulated
def test_the_chip_proves_itself_and_a_clone_does_not(bench: Bench) -> None:
    """Answers by ``openssl enc -des-ede -nopad`` under the keys in the card files."""
    challenge = Challenge(bytes.fromhex("0011223344556677"))
    card = bench.serve("zhumadian-normal")
    genuine_files = (card.read_issuer(), card.read_holder())
    assert card.algorithm is AuthenticationAlgorithm.TRIPLE_DES
    assert card.answer_challenge(challenge).value.hex() == "a6d30e2a640e8f34"
    bench.pull()
    clone = bench.serve("clone-of-zhumadian-normal")
    assert (clone.read_issuer(), clone.read_holder()) == genuine_files
    assert clone.answer_challenge(challenge).value.hex() == "a123e2a994b7708d"


@pytest.mark.simulated
def test_a_3_0_card_opens_after_the_terminal_has_proved_itself(bench: Bench) -> None:
    card = bench.serve("zhumadian-3.00")
    assert card.algorithm is AuthenticationAlgorithm.SM4
    assert card.read_issuer().norm_version == "3.00"
    with pytest.raises(HolderDataProtected):
        card.read_holder()
    answer = card.answer_challenge(Challenge(bytes.fromhex("00112233445566778899AABBCCDDEEFF")))
    assert answer.value.hex() == "af264c29f047858e7761187959b38442"  # openssl enc -sm4-ecb -nopad

    with pytest.raises(ExternalAuthenticationRefused):
        card.authenticate_terminal(Cryptogram(bytes(16)))  # nobody drew a challenge
    card.draw_challenge()
    with pytest.raises(ExternalAuthenticationRefused):
        card.authenticate_terminal(Cryptogram(bytes(16)))
    with pytest.raises(HolderDataProtected):
        card.read_holder()

    external = SM4(bytes.fromhex("DBF5DAF21BBE113CA4D0A5FCD0B273C2"))
    encryptor = Cipher(external, modes.ECB()).encryptor()
    challenge = card.draw_challenge().value
    assert len(challenge) == 16
    card.authenticate_terminal(Cryptogram(encryptor.update(challenge)))
    assert card.read_holder().name == "赵虚构"

    bench.reader.release()
    assert bench.reader.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY
    with pytest.raises(HolderDataProtected):
        bench.reader.card().read_holder()  # power off closed it again


# What goes wrong


def everything(bench: Bench) -> None:
    """Every command a citizen's visit can bring, from the reset on."""
    assert bench.reader.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY
    card = bench.reader.card()
    card.read_issuer()
    card.read_holder()
    card.pin_tries_left()
    card.verify_pin(typed("246810"))
    card.change_pin(typed("246810"), typed("864203"))
    card.answer_challenge(Challenge(bytes(8)))
    card.draw_challenge()
    with pytest.raises(ExternalAuthenticationRefused):
        card.authenticate_terminal(Cryptogram(bytes(8)))


EVERY_COMMAND = 28
"""Commands of :func:`everything`: 4 to recognise, 8 and 8 to read, 3 for the PIN, 2 + 1 + 1 for the keys, and one
more than there are."""


@pytest.mark.simulated
@pytest.mark.parametrize("command", range(1, EVERY_COMMAND))
def test_pulled_at_every_command(bench: Bench, slot: CardSlot, command: int) -> None:
    slot.faults.pull_at(command)
    bench.hands.insert("zhumadian-normal")
    with pytest.raises(MediaRemoved):
        everything(bench)
    assert not slot.holds_card
    bench.pull()
    with pytest.raises(MediaRemoved):
        bench.reader.card()


@pytest.mark.simulated
def test_that_was_every_command(bench: Bench, slot: CardSlot) -> None:
    bench.hands.insert("zhumadian-normal")
    everything(bench)
    assert slot.commands == EVERY_COMMAND - 1


def test_pulled_by_hand(bench: Bench) -> None:
    card = bench.serve("zhumadian-normal")
    bench.hands.pull()
    bench.reader.wait_for_removal(bench.limit_s)
    with pytest.raises(MediaRemoved):
        card.read_issuer()
    bench.reader.release()


@pytest.mark.simulated
@pytest.mark.parametrize("fault", [SlotFault.GARBAGE_ANSWER, SlotFault.TORN_ANSWER])
@pytest.mark.parametrize(
    "ask",
    [
        lambda card: card.read_issuer(),
        lambda card: card.read_holder(),
        lambda card: card.pin_tries_left(),
        lambda card: card.verify_pin(typed("246810")),
        lambda card: card.answer_challenge(Challenge(bytes(8))),
        lambda card: card.draw_challenge(),
    ],
    ids=["issuer", "holder", "tries", "verify", "prove", "challenge"],
)
def test_answers_that_are_none(
    bench: Bench, slot: CardSlot, fault: SlotFault, ask: Callable[[SocialSecurityCard], object]
) -> None:
    card = bench.serve("zhumadian-normal")
    slot.faults.fail_next(fault)
    with pytest.raises(ProtocolViolation):
        ask(card)
    assert card.read_issuer().card_number == "T41170015"  # the next exchange is in order again


@pytest.mark.simulated
def test_a_card_that_falls_silent_costs_a_limited_time(bench: Bench, slot: CardSlot) -> None:
    card = bench.serve("zhumadian-normal")
    slot.faults.fail_next(SlotFault.SILENT)
    begin = time.monotonic()
    with pytest.raises(TimedOut):
        card.read_issuer()
    assert READER_LIMIT_S * 0.9 <= time.monotonic() - begin < FIRED_WITHIN_S
    assert took(card.read_issuer) < 0.5  # it is not asked again
    assert bench.reader.card_present() is True
    bench.pull()
    assert bench.serve("zhumadian-normal").read_issuer().card_number == "T41170015"


@pytest.mark.simulated
def test_a_card_that_falls_silent_at_its_pin(bench: Bench, slot: CardSlot) -> None:
    card = bench.serve("zhumadian-normal")
    slot.faults.fail_next(SlotFault.SILENT)
    assert took(lambda: card.verify_pin(typed("246810"))) < FIRED_WITHIN_S
    bench.pull()


@pytest.mark.simulated
def test_a_card_that_is_silent_from_the_first_command(bench: Bench, slot: CardSlot) -> None:
    slot.faults.fail_next(SlotFault.SILENT)
    assert bench.insert("zhumadian-normal") is CardKind.SILENT
    bench.pull()
    assert bench.insert("zhumadian-normal") is CardKind.SOCIAL_SECURITY


@pytest.mark.simulated
def test_the_daemon_killed_and_restarted_in_the_middle(bench: Bench, pcscd: PrivatePcscd) -> None:
    card = bench.serve("zhumadian-normal")
    card.read_issuer()
    pcscd.kill()
    with pytest.raises(NotConnected):
        card.read_holder()
    with pytest.raises(NotConnected):
        bench.reader.wait_for_card(bench.limit_s)
    with pytest.raises(NotConnected):
        bench.reader.card_present()
    bench.reader.release()
    pcscd.start()
    assert bench.reader.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY
    assert bench.reader.card().read_holder().name == "张示例"


@pytest.mark.simulated
def test_the_daemon_restarted_between_two_commands(bench: Bench, pcscd: PrivatePcscd) -> None:
    card = bench.serve("zhumadian-normal")
    pcscd.restart()
    with pytest.raises(NotConnected):
        card.read_issuer()
    assert bench.reader.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY


@pytest.mark.simulated
def test_the_daemon_absent_when_the_terminal_starts(bench: Bench, pcscd: PrivatePcscd) -> None:
    pcscd.kill()
    late = PcscCardReader(READER_NAME)
    with pytest.raises(NotConnected):
        late.wait_for_card(1.0)
    pcscd.start()
    with pytest.raises(TimedOut):
        late.wait_for_card(0.1)
    bench.hands.insert("zhumadian-normal")
    assert late.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY
    late.close()


@pytest.mark.simulated
def test_the_daemon_killed_while_waiting_for_a_card(bench: Bench, pcscd: PrivatePcscd) -> None:
    killer = threading.Timer(0.3, pcscd.kill)
    killer.start()
    begin = time.monotonic()
    with pytest.raises(NotConnected):
        bench.reader.wait_for_card(20.0)
    assert time.monotonic() - begin < 5.0
    killer.join()
    pcscd.start()
    assert bench.insert("zhumadian-normal") is CardKind.SOCIAL_SECURITY


@pytest.mark.simulated
def test_a_daemon_that_answers_nothing(bench: Bench, pcscd: PrivatePcscd) -> None:
    card = bench.serve("zhumadian-normal")
    pcscd.freeze()
    try:
        with pytest.raises(TimedOut):
            card.read_issuer()
        with pytest.raises(NotConnected):
            bench.reader.card_present()
    finally:
        pcscd.thaw()
    assert bench.reader.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY


def test_no_such_reader(bench: Bench) -> None:
    nowhere = PcscCardReader("No Such Reader")
    with pytest.raises(NotConnected, match="No Such Reader"):
        nowhere.wait_for_card(1.0)
    with pytest.raises(NotConnected):
        nowhere.card_present()
    nowhere.close()


@pytest.mark.simulated
def test_readers_are_found_by_either_name_or_as_the_first(bench: Bench, pcscd: PrivatePcscd) -> None:
    bench.insert("zhumadian-normal")
    for name in (READER_NAME, pcscd.reader_name, None):
        reader = PcscCardReader(name)
        assert reader.card_present() is True
        reader.close()


@pytest.mark.simulated
def test_a_card_in_another_process_s_hands(bench: Bench, pcscd: PrivatePcscd) -> None:
    bench.insert("zhumadian-normal")
    bench.reader.release()
    hold = (
        "import sys\nfrom smartcard import scard\n"
        "_, context = scard.SCardEstablishContext(0)\n"
        "result, card, _ = scard.SCardConnect(context, sys.argv[1], scard.SCARD_SHARE_EXCLUSIVE, 3)\n"
        "print(result, flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, pcscd.reader_name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "0\n"
        with pytest.raises(Busy):
            bench.reader.wait_for_card(bench.limit_s)
        other.stdin.close()
    ends = time.monotonic() + bench.limit_s
    while True:  # pcscd hears of the other's end when it finds the time
        try:
            assert bench.reader.wait_for_card(bench.limit_s) is CardKind.SOCIAL_SECURITY
        except Busy:
            assert time.monotonic() < ends, "nobody holds it any more"
            continue
        break


def test_closing_from_another_thread_ends_a_wait(bench: Bench) -> None:
    closer = threading.Timer(0.3, bench.reader.close)
    closer.start()
    begin = time.monotonic()
    with pytest.raises(NotConnected, match="closed"):
        bench.reader.wait_for_card(20.0)
    assert time.monotonic() - begin < 3.0
    closer.join()
    with pytest.raises(NotConnected, match="closed"):
        bench.reader.card_present()


@pytest.mark.simulated
def test_nothing_is_left_open_behind_many_cards(bench: Bench) -> None:
    bench.serve("zhumadian-normal")
    bench.reader.release()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        bench.reader.wait_for_card(bench.limit_s)
        bench.reader.card().verify_pin(typed("246810"))
        bench.reader.release()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    names = [thread.name for thread in threading.enumerate()]
    deadline = time.monotonic() + 5.0
    while names.count("pcsc watch") > 2 and time.monotonic() < deadline:
        next(thread for thread in threading.enumerate() if thread.name == "pcsc watch").join(0.3)
        names = [thread.name for thread in threading.enumerate()]
    assert names.count("pcsc watch") <= 2
