"""What a technician's card keeps to, over pcscd (docs/wire.md)."""

import hashlib
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from drivers.card_reader import PcscCardReader
from drivers.ports.card_reader import CardKind, PinCheck
from drivers.ports.errors import MediaRemoved, ProtocolViolation
from drivers.ports.technician_card import TechnicianCard
from simulators.card.slot import CardSlot
from simulators.card.technician_chip import TechnicianChip
from simulators.pcscd import READER_NAME
from tests.stack import INSERT_LIMIT_S, READER_LIMIT_S, chip, technician_chip, typed

pytestmark = [pytest.mark.stack, pytest.mark.simulated]
DIGEST = hashlib.sha256(b"whatever the terminal drew").digest()


@pytest.fixture
def reader(slot: CardSlot) -> Iterator[PcscCardReader]:
    reader = PcscCardReader(READER_NAME, answer_limit_s=READER_LIMIT_S)
    yield reader
    reader.close()


def inserted(reader: PcscCardReader, slot: CardSlot, card: TechnicianChip) -> TechnicianCard:
    slot.insert(card)
    assert reader.wait_for_card(INSERT_LIMIT_S) is CardKind.FOREIGN
    found = reader.technician_card()
    assert found is not None
    return found


def is_signed(certificate: bytes, signature: bytes, digest: bytes = DIGEST) -> bool:
    key = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def test_a_card_answers_with_the_key_of_its_certificate(reader: PcscCardReader, slot: CardSlot) -> None:
    card = inserted(reader, slot, technician_chip("t1001"))
    certificate = card.read_certificate()
    assert card.verify_pin(typed("135790")) == PinCheck(accepted=True, tries_left=None)
    assert is_signed(certificate, card.sign_digest(DIGEST))
    assert not is_signed(certificate, card.sign_digest(DIGEST), hashlib.sha256(b"another").digest())


def test_a_copied_certificate_does_not_answer_for_itself(reader: PcscCardReader, slot: CardSlot) -> None:
    card = inserted(reader, slot, technician_chip("clone-of-t1001"))
    assert card.read_certificate() == technician_chip("t1001").card.certificate
    assert card.verify_pin(typed("135790")).accepted
    assert not is_signed(card.read_certificate(), card.sign_digest(DIGEST))


def test_a_wrong_pin_counts_down_and_locks(reader: PcscCardReader, slot: CardSlot) -> None:
    card = inserted(reader, slot, technician_chip("t1001"))
    left = [card.verify_pin(typed("000000")).tries_left for _ in range(4)]
    assert left == [2, 1, 0, 0]
    assert card.verify_pin(typed("135790")) == PinCheck(accepted=False, tries_left=0)


def test_a_blocked_card_says_so_at_once(reader: PcscCardReader, slot: CardSlot) -> None:
    card = inserted(reader, slot, technician_chip("t1003-blocked"))
    assert card.verify_pin(typed("112358")) == PinCheck(accepted=False, tries_left=0)


def test_nothing_is_signed_before_the_pin(reader: PcscCardReader, slot: CardSlot) -> None:
    card = inserted(reader, slot, technician_chip("t1001"))
    with pytest.raises(ProtocolViolation, match="6982"):
        card.sign_digest(DIGEST)


def test_a_citizens_card_is_no_technicians(reader: PcscCardReader, slot: CardSlot) -> None:
    slot.insert(chip("zhumadian-normal"))
    assert reader.wait_for_card(INSERT_LIMIT_S) is CardKind.SOCIAL_SECURITY
    assert reader.technician_card() is None


@pytest.mark.parametrize("command", [1, 3, 5, 6])
def test_a_card_pulled_at_any_command_is_media_removed(reader: PcscCardReader, slot: CardSlot, command: int) -> None:
    slot.insert(technician_chip("t1001"))
    assert reader.wait_for_card(INSERT_LIMIT_S) is CardKind.FOREIGN
    slot.faults.pull_at(command)
    with pytest.raises(MediaRemoved):
        _whole_way(reader)
    reader.release()
    with pytest.raises(MediaRemoved):
        reader.technician_card()


def _whole_way(reader: PcscCardReader) -> None:
    card = reader.technician_card()
    assert card is not None
    card.read_certificate()
    card.verify_pin(typed("135790"))
    card.sign_digest(DIGEST)
