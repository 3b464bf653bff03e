"""A blank becomes somebody's card: what the chip takes and from whom, and what the driver writes."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.card_reader import gb18030
from drivers.card_reader.personalisation import BlankSession, name_fields
from drivers.card_reader.session import CardSession, recognise
from drivers.ports.card_encoder import NameDoesNotFit, PersonalisationRefused
from drivers.ports.card_reader import (
    AuthenticationAlgorithm,
    CardKind,
    Challenge,
    Cryptogram,
    HolderDataProtected,
)
from drivers.ports.errors import ProtocolViolation
from drivers.transport.apdu import ApduChannel
from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile
from simulators.card.ciphers import encrypt
from simulators.card.name_fields import decode_name, encode_name
from simulators.card.personalise import EXTERNAL_KEY, SM4, TEST_MASTER_KEYS, diversify
from tests.blanks import DATA, PHOTO, blank, centre_answers, named
from tests.stack import DirectContact

SELECT_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
SELECT_EF05, SELECT_EF06, SELECT_EF08 = (f"00A4020002EF{file}" for file in ("05", "06", "08"))
PROOF = "0082030310"
"""EXTERNAL AUTHENTICATE, SM4, key 03."""


def ask(card: CardApplication, *commands: str) -> str:
    answer = b""
    for command in commands:
        answer = card.transmit(bytes.fromhex(command))
    return answer.hex().upper()


def proved(card: CardApplication) -> CardApplication:
    """The chip once it believes whoever personalises it. Key 03 of …3101, 3F646AD9…, by `openssl enc -sm4-ecb`."""
    ask(card, SELECT_SSSE)
    challenge = card.transmit(bytes.fromhex("0084000010"))[:16]
    cryptogram = encrypt(3, bytes.fromhex("3F646AD9448802F5FC8F5C553D729753"), challenge)
    assert ask(card, PROOF + cryptogram.hex()) == "9000"
    return card


def personalised(chip: CardApplication, norm_version: str = "3.00") -> CardApplication:
    session = BlankSession(ApduChannel(DirectContact(chip.transmit)))
    of = session.identify()
    session.personalise(centre_answers(of, session.draw_challenge()), replace(DATA, norm_version=norm_version))
    chip.reset()
    return chip


def read(chip: CardApplication) -> CardSession:
    kind, session = recognise(ApduChannel(DirectContact(chip.transmit)), chip.atr)
    assert kind is CardKind.SOCIAL_SECURITY
    assert session is not None
    return session


def authenticate(session: CardSession) -> None:
    key = diversify(SM4, TEST_MASTER_KEYS[SM4, EXTERNAL_KEY], bytes.fromhex("411700D1560000050000000000003101"))
    session.authenticate_terminal(Cryptogram(encrypt(SM4, key, session.draw_challenge().value)))


# The chip


def test_a_blank_tells_its_code_and_nothing_else() -> None:
    card = CardApplication(blank())
    code = "411700D1560000050000000000003101"
    assert ask(card, SELECT_SSSE, SELECT_EF05, "00B2010012") == "0110" + code + "9000"
    assert ask(card, "00B204000E")[-4:] == "9000"
    assert ask(card, "00B2030006") == "6A83"
    assert ask(card, SELECT_EF06, "00B20A0003") == "6982"
    assert ask(card, SELECT_EF08, "00B0000080") == "6982"


@pytest.mark.parametrize("command", ["00DC02000302 0131", "00DC0300060304332E3030", "00D6000002FFD8"])
def test_nothing_is_written_without_the_personalisation_key(command: str) -> None:
    kept: list[CardFile] = []
    card = CardApplication(blank(), keep=kept.append)
    for file in (SELECT_EF05, SELECT_EF06, SELECT_EF08):
        assert ask(card, SELECT_SSSE, file, command) == "6982"
    # Nor with the key by which a terminal opens EF06.
    key = diversify(SM4, TEST_MASTER_KEYS[SM4, EXTERNAL_KEY], bytes.fromhex("411700D1560000050000000000003101"))
    challenge = card.transmit(bytes.fromhex("0084000010"))[:16]
    assert ask(card, "0082030210" + encrypt(3, key, challenge).hex()) == "9000"
    for file in (SELECT_EF05, SELECT_EF06, SELECT_EF08):
        assert ask(card, file, command) == "6982"
    assert kept == []


def test_a_wrong_cryptogram_opens_nothing() -> None:
    card = CardApplication(blank())
    assert ask(card, SELECT_SSSE, "0084000010", PROOF + "00" * 16) == "6300"
    assert ask(card, SELECT_EF05, "00DC0200030201 31") == "6982"


def test_records_are_taken_in_their_size_only() -> None:
    card = proved(CardApplication(blank()))
    ask(card, SELECT_EF05)
    assert ask(card, "00DC020003020131") == "9000"
    assert ask(card, "00DC02000402023131") == "6A80"
    assert ask(card, "00DC020003030131") == "6A80"  # another tag within
    assert ask(card, "00DC01000301 0131") == "6A83"  # the maker's own
    assert ask(card, "00DC020103020131") == "6A86"
    assert ask(card, "00B2020003") == "0201319000"
    assert ask(card, SELECT_EF08, "00D60FFF02FFD8") == "6B00"
    assert ask(card, "00D60FFE02FFD8") == "9000"


def test_the_norm_version_ends_it_and_is_refused_while_something_is_missing() -> None:
    card = proved(CardApplication(blank()))
    assert ask(card, SELECT_EF05, "00DC030006 0304332E3030") == "6985"
    assert card.card.social_security is not None
    assert card.card.social_security.issuer is None


def test_a_broken_off_chip_is_a_blank_still_and_can_be_done_again() -> None:
    kept: list[CardFile] = []
    whole = CardApplication(blank(), keep=kept.append)
    personalised(whole)
    assert len(kept) == 12 + 32
    for left in (kept[0], kept[7], kept[-2]):
        chip = CardApplication(left)
        assert recognise(ApduChannel(DirectContact(chip.transmit)), chip.atr)[0] is CardKind.BLANK
        assert ask(chip, SELECT_SSSE, SELECT_EF06, "00B2080014") == "6982"  # half of somebody is closed
        assert read(personalised(chip)).read_issuer().card_number == DATA.card_number


def test_a_card_is_never_personalised_again() -> None:
    card = personalised(CardApplication(blank()))
    assert ask(card, SELECT_SSSE, "0084000010", PROOF + "00" * 16) == "6A88"  # the key is gone
    assert ask(card, SELECT_EF05, "00DC020003020132") == "6982"
    session = BlankSession(ApduChannel(DirectContact(card.transmit)))
    of = session.identify()
    with pytest.raises(PersonalisationRefused):
        session.personalise(centre_answers(of, session.draw_challenge()), DATA)


def test_a_chip_that_was_not_even_initialised_is_said_so() -> None:
    empty = blank()
    assert empty.social_security is not None
    chip = CardApplication(
        CardFile(about="", region="4117", serial="00000001", social_security=type(empty.social_security)())
    )
    with pytest.raises(ProtocolViolation, match="identification code"):
        BlankSession(ApduChannel(DirectContact(chip.transmit))).identify()


# The driver


@pytest.mark.parametrize(
    ("norm_version", "algorithm"), [("3.00", AuthenticationAlgorithm.SM4), ("2.00", AuthenticationAlgorithm.TRIPLE_DES)]
)
def test_what_is_written_is_what_is_read_back(norm_version: str, algorithm: AuthenticationAlgorithm) -> None:
    chip = CardApplication(blank(norm_version=norm_version))
    of = BlankSession(ApduChannel(DirectContact(chip.transmit))).identify()
    assert (of.identification_code, of.algorithm) == ("411700D1560000050000000000003101", algorithm)
    session = read(personalised(chip, norm_version))
    issuer = session.read_issuer()
    assert (issuer.identification_code, issuer.norm_version) == (of.identification_code, norm_version)
    assert (issuer.card_number, issuer.card_class) == (DATA.card_number, DATA.card_class)
    assert (issuer.issued_on, issuer.expires_on) == (DATA.issued_on, DATA.expires_on)
    if norm_version == "3.00":
        for closed in (session.read_holder, session.read_photo):
            with pytest.raises(HolderDataProtected):
                closed()
        authenticate(session)
    assert session.read_holder() == DATA.holder
    assert session.read_photo() == PHOTO
    assert session.pin_tries_left() == 6


def test_the_bank_side_is_there_from_the_beginning() -> None:
    chip = CardApplication(blank())
    assert ask(chip, "00A404000E315041592E5359532E4444463031") == "6117"
    assert personalised(chip).card.bank == blank().bank


def test_of_the_banks_account_four_digits_are_told() -> None:
    chip = CardApplication(blank())
    select = "00A404000E315041592E5359532E4444463031"
    assert ask(chip, select, "00B2010C0E") == "700C5A0A" + "6231000000000004821F" + "9000"
    assert ask(chip, "00B2010C00") == "6C0E"
    assert ask(chip, "00B2020C0E") == "6A83"
    assert BlankSession(ApduChannel(DirectContact(chip.transmit))).identify().bank_account == "****4821"
    without = msgspec.structs.replace(blank(), bank=None)
    assert BlankSession(ApduChannel(DirectContact(CardApplication(without).transmit))).identify().bank_account == ""
    none = msgspec.structs.replace(without, bank_side=False)
    assert BlankSession(ApduChannel(DirectContact(CardApplication(none).transmit))).identify().bank_account == ""


def test_the_order_on_the_wire_ends_with_the_norm_version() -> None:
    contact = DirectContact(CardApplication(blank()).transmit)
    session = BlankSession(ApduChannel(contact))
    of = session.identify()
    session.personalise(centre_answers(of, session.draw_challenge()), DATA)
    written = [command for command in contact.commands if command[1] in (0xDC, 0xD6)]
    assert [f"{command[1]:02X}{command[2]:02X}" for command in written[:7]] == [
        "DC08", "DC09", "DC4E", "DC0A", "DC0B", "DC0C", "DC0D",
    ]  # fmt: skip
    assert [command.hex().upper() for command in written[-5:]] == [
        "00DC020003020131",
        "00DC050006050420261130",
        "00DC060006060420361129",
        "00DC07000B0709543431313730393130",
        "00DC0300060304332E3030",
    ]
    assert written[7][:5].hex() == "00d6000080"
    assert written[8][:5].hex() == "00d6008080"


def test_a_challenge_of_another_moment_is_refused() -> None:
    session = BlankSession(ApduChannel(DirectContact(CardApplication(blank()).transmit)))
    of = session.identify()
    session.draw_challenge()
    with pytest.raises(PersonalisationRefused):
        session.personalise(centre_answers(of, Challenge(bytes(16))), DATA)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (replace(DATA, norm_version="2.00"), ValueError),
        (replace(DATA, photo=b"no picture"), ValueError),
        (replace(DATA, photo=PHOTO.ljust(4097, b"\1")), ValueError),
        (named("阿" * 26), NameDoesNotFit),
    ],
)
def test_what_can_not_be_written_is_told_before_anything_is(wrong: object, error: type[Exception]) -> None:
    kept: list[CardFile] = []
    session = BlankSession(ApduChannel(DirectContact(CardApplication(blank(), keep=kept.append).transmit)))
    of = session.identify()
    cryptogram = centre_answers(of, session.draw_challenge())
    with pytest.raises(error):
        session.personalise(cryptogram, wrong)  # type: ignore[arg-type]  # one row of several kinds
    assert kept == []


@pytest.mark.parametrize(("cell", "told"), [("EF05:07", "number"), ("EF08", "photo")])
def test_a_weak_cell_is_seen_when_the_card_is_read_back(cell: str, told: str) -> None:
    session = read(personalised(CardApplication(blank(norm_version="2.00", weak_cell=cell)), "2.00"))
    differs = {
        "number": session.read_issuer().card_number != DATA.card_number,
        "photo": session.read_photo() != PHOTO,
        "holder": session.read_holder() != DATA.holder,
    }
    assert [name for name, is_so in differs.items() if is_so] == [told]


# Names


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x2FFFF, exclude_categories=("Cs", "Cn", "Co"))))
@example("阿卜杜热合曼·吐尔逊江示例人\U0002cc56\u3402")
@example("龴龻︙ḿ\U00020087\U000241fe")
def test_names_are_written_as_the_simulator_writes_them_with_its_own_table(name: str) -> None:
    try:
        expected = encode_name(name)
    except ValueError:
        with pytest.raises(NameDoesNotFit):
            name_fields(name)
        return
    assert name_fields(name) == expected
    assert decode_name(*expected) == name
    assert gb18030.decode(gb18030.encode(name)) == name
