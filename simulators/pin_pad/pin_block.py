"""ISO 9564-1 format 3: a PIN and an account in eight bytes, with random filler."""

import secrets
from typing import Final

FILLER: Final = "ABCDEF"
"""Format 3 fills with these six, at random; format 0 would fill with F."""


def format_3(pin: str, account: str, filler: str | None = None) -> bytes:
    """The clear block: 3, length, PIN, filler, XOR four zeroes and the account.

    :param pin: 4 to 12 digits.
    :param account: twelve digits, of a card number the last twelve before the check digit.
    :param filler: 14 minus ``len(pin)`` characters of A to F; drawn at random when None.
    """
    size = 14 - len(pin)
    fill = "".join(secrets.choice(FILLER) for _ in range(size)) if filler is None else filler
    pin_field = bytes.fromhex(f"3{len(pin):X}{pin}{fill}")
    account_field = bytes.fromhex("0000" + account)
    return bytes(a ^ b for a, b in zip(pin_field, account_field, strict=True))
