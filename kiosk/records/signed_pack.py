"""A region pack as the centre hands it out: its file's bytes under the centre's signature."""

from typing import Annotated

import msgspec

from kiosk.records.centre_signed import CentreSigned
from kiosk.records.china_time import Moment

SUFFIX = ".pack"
"""Of a file that holds one."""
LONGEST = 1 << 20
"""Bytes of such a file; the largest pack has a twentieth of it."""


class SignedPack(CentreSigned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One pack, for every terminal of its region."""

    purpose = b"ssct-region-pack-1"
    region: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,39}\Z")]
    """The pack's key."""
    signed_ms: Moment
    """When it was signed; of two packs the later one counts."""
    content: bytes
    """The TOML file, byte for byte."""
    key_id: str
    signature: bytes = b""
