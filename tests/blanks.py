"""What tests of instant issuing share: blanks, whom they become, and the centre's answer to a challenge."""

from dataclasses import replace
from datetime import date

from drivers.ports.card_encoder import Blank, ChipData
from drivers.ports.card_reader import AuthenticationAlgorithm, Challenge, Cryptogram, HolderData
from simulators.card.card_file import BankAccount, CardFile, CardPin
from simulators.card.ciphers import encrypt
from simulators.card.personalise import PERSONALISATION_KEY, TEST_MASTER_KEYS, blank_card, diversify

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(1, 256)) * 12 + b"\xff\xd9"
"""No picture, but it begins and ends like one; 3066 bytes."""
DATA = ChipData(
    card_class="1",
    norm_version="3.00",
    issued_on=date(2026, 11, 30),
    expires_on=date(2036, 11, 29),
    card_number="T41170910",
    holder=HolderData(
        social_security_number="411700199503151051",
        name="欧阳\U0002cc56\u3402",
        sex="1",
        ethnic_group="01",
        birthplace="411700",
        birth_date=date(1995, 3, 15),
    ),
    photo=PHOTO,
)


def named(name: str) -> ChipData:
    """The same person with another name."""
    return replace(DATA, holder=replace(DATA.holder, name=name))


def blank(number: int = 0x3101, norm_version: str = "3.00", weak_cell: str | None = None) -> CardFile:
    """A blank as it lies in a hopper."""
    return blank_card(
        about="A blank for instant issue.",
        region="4117",
        number=number,
        norm_version=norm_version,
        pin=CardPin(digits="123456", tries_left=6, tries_allowed=6),
        bank=BankAccount(bank="示例银行", account_ends="4821"),
        weak_cell=weak_cell,
    )


def centre_answers(of: Blank, challenge: Challenge) -> Cryptogram:
    """What the centre says to a blank's challenge."""
    algorithm = {AuthenticationAlgorithm.TRIPLE_DES: 1, AuthenticationAlgorithm.SM4: 3}[of.algorithm]
    master = TEST_MASTER_KEYS[algorithm, PERSONALISATION_KEY]
    key = diversify(algorithm, master, bytes.fromhex(of.identification_code))
    return Cryptogram(encrypt(algorithm, key, challenge.value))
