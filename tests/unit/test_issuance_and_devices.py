"""What others make is what the devices take: the centre's token and its answer to a blank, the painted face."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from central.card_keys import Algorithm, CardMasterKeys, MasterKeySet
from drivers.card_printer.leave import require_leave
from drivers.card_reader.personalisation import BlankSession
from drivers.ports import card_printer
from drivers.ports.card_reader import AuthenticationAlgorithm, Cryptogram
from drivers.transport.apdu import ApduChannel
from drivers.transport.byte_line import TcpLine
from kiosk.records.issuance import IssuanceToken, token_bytes
from simulators.card.application import CardApplication
from simulators.card.personalise import TEST_MASTER_KEYS
from simulators.card_printer import CardPrinterSimulator
from tests.blanks import DATA, blank
from tests.contract.test_card_printer import JOB, driver, token
from tests.stack import DirectContact
from tests.unit.test_card_face import national, order, portrait


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.text(max_size=20), st.integers(0, 1 << 53))
def test_both_sides_mean_the_same_bytes_by_a_token(job_id: str, terminal: str, expires_at_ms: int) -> None:
    shown = card_printer.IssuanceToken(job_id, terminal, expires_at_ms, b"")
    assert shown.signed_bytes == token_bytes(job_id, terminal, expires_at_ms)


def test_the_centres_token_is_leave_for_the_driver() -> None:
    key = Ed25519PrivateKey.generate()
    of_the_centre = IssuanceToken(
        job_id="ab" * 16, terminal="t", expires_at_ms=9, signature=key.sign(token_bytes("ab" * 16, "t", 9))
    )
    fields = (getattr(of_the_centre, name) for name in ("job_id", "terminal", "expires_at_ms", "signature"))
    require_leave(card_printer.IssuanceToken(*fields), key.public_key(), "t", 8)


@pytest.mark.parametrize("norm_version", ["2.00", "3.00"])
def test_the_centres_answer_opens_a_blank(norm_version: str) -> None:
    def hexadecimal(algorithm: int) -> MasterKeySet:
        return MasterKeySet(*(TEST_MASTER_KEYS[algorithm, key].hex() for key in (1, 2, 3)))

    centre = CardMasterKeys(triple_des=hexadecimal(1), sm4=hexadecimal(3))
    chip = CardApplication(blank(norm_version=norm_version))
    session = BlankSession(ApduChannel(DirectContact(chip.transmit)))
    of = session.identify()
    algorithm = Algorithm.SM4 if of.algorithm is AuthenticationAlgorithm.SM4 else Algorithm.TRIPLE_DES
    assert algorithm is Algorithm.of_norm(norm_version)
    challenge = session.draw_challenge().value
    cryptogram = centre.personalisation_cryptogram(algorithm, of.identification_code, challenge)
    session.personalise(Cryptogram(cryptogram), replace(DATA, norm_version=norm_version))
    assert chip.card.social_security is not None
    assert chip.card.social_security.issuer is not None


def test_a_painted_face_is_printed_as_it_was_painted_and_leaves_no_copy(tmp_path: Path) -> None:
    painted = national().paint(order("欧阳\U00020bb7"), portrait())
    colours, resin = bytes(painted.colour), bytes(painted.resin)
    with CardPrinterSimulator(tmp_path / "printer") as simulator:
        simulator.load_blanks([blank()])
        simulator.change_ribbon()
        printer = driver(TcpLine("card_printer", "127.0.0.1", simulator.port))
        printer.feed(token())
        lent = card_printer.Face(painted.colour, painted.resin)
        printer.print_face(JOB, lent)
        printer.close()
        with Image.open(simulator.face_path("00003101")) as picture:
            printed = np.asarray(picture.convert("RGB")).astype(np.int16)
    wanted = np.frombuffer(colours, np.uint8).reshape(648, 1016, 3).astype(np.int16)
    ink = np.unpackbits(np.frombuffer(resin, np.uint8)).reshape(648, 1016).astype(bool)
    assert ink.any()
    assert (printed[ink] == 0).all()
    assert np.abs(printed - wanted)[~ink].max() <= 2
    painted.wipe()
    assert not any(bytes(lent.colours))
