"""From a blank's records to somebody's card: what the chip does when the last of them, the norm version, is written."""

import datetime
from typing import Final

import msgspec

from simulators.card.card_file import Blank, CardHolder, Issuer, SocialSecurity
from simulators.card.name_fields import CONTINUATION_SIZE, NAME_SIZE, decode_name

RECORD_SIZES: Final = {
    "EF05:02": 1, "EF05:03": 4, "EF05:05": 4, "EF05:06": 4, "EF05:07": 9,
    "EF06:08": 18, "EF06:09": NAME_SIZE, "EF06:4E": CONTINUATION_SIZE,
    "EF06:0A": 1, "EF06:0B": 1, "EF06:0C": 3, "EF06:0D": 4,
}  # fmt: skip
"""Records that a blank takes, by file and tag, in bytes; identification code and initialising body are the maker's."""
_PHOTO: Final = "EF08"
_SM4: Final = 3


class Unfit(Exception):
    """What was written makes no card."""

    def __init__(self, *, incomplete: bool) -> None:
        super().__init__("something is missing" if incomplete else "a record is not in its form")
        self.incomplete = incomplete


def issued(environment: SocialSecurity, blank: Blank) -> SocialSecurity:
    """The environment of the card that the blank has become; its personalisation key is gone.

    :raises Unfit: a record is missing or not in its form, or the norm version is one of another algorithm.
    """
    keys = environment.keys
    photo = blank.photo
    if keys is None or set(blank.written) != set(RECORD_SIZES) or not photo.startswith(b"\xff\xd8"):
        raise Unfit(incomplete=True)
    records = {place: bytes.fromhex(value) for place, value in blank.written.items()}
    if blank.weak_cell == _PHOTO:
        half = len(photo) // 2
        photo = photo[:half] + _tipped(photo[half : half + 1]) + photo[half + 1 :]
    elif blank.weak_cell is not None:
        records[blank.weak_cell] = _tipped(records[blank.weak_cell])
    try:
        issuer, holder = _issuer(records, blank), _holder(records)
    except (ValueError, msgspec.ValidationError):
        raise Unfit(incomplete=False) from None
    if (issuer.norm_version == "3.00") != (keys.algorithm == _SM4):
        raise Unfit(incomplete=False)
    return SocialSecurity(
        issuer=issuer,
        holder=holder,
        keys=msgspec.structs.replace(keys, personalisation=None),
        pin=environment.pin,
        log=environment.log,
        photo=photo,
    )


def _issuer(records: dict[str, bytes], blank: Blank) -> Issuer:
    return msgspec.convert(
        {
            "identification_code": blank.identification_code,
            "initialising_body": blank.initialising_body,
            "card_class": records["EF05:02"].decode("ascii"),
            "norm_version": records["EF05:03"].decode("ascii"),
            "issued_on": _date(records["EF05:05"]),
            "expires_on": _date(records["EF05:06"]),
            "card_number": records["EF05:07"].decode("ascii"),
        },
        Issuer,
    )


def _holder(records: dict[str, bytes]) -> CardHolder:
    return msgspec.convert(
        {
            "social_security_number": records["EF06:08"].decode("ascii"),
            "name": decode_name(records["EF06:09"], records["EF06:4E"]),
            "sex": records["EF06:0A"].decode("ascii"),
            "ethnic_group": records["EF06:0B"].hex(),
            "birthplace": records["EF06:0C"].hex(),
            "birth_date": _date(records["EF06:0D"]),
        },
        CardHolder,
    )


def _date(value: bytes) -> datetime.date:
    return datetime.datetime.strptime(value.hex(), "%Y%m%d").date()  # noqa: DTZ007  # a day has no zone


def _tipped(value: bytes) -> bytes:
    """The last bit of what is written has tipped over."""
    text = value.rstrip(b"\0") or value
    return text[:-1] + bytes((text[-1] ^ 1,)) + value[len(text) :]
