"""Reads a region pack that the centre has signed; without its signature nothing of it counts."""

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.policy.document import content_of
from kiosk.policy.pack import Pack, PackError, read_pack
from kiosk.records.signed_pack import LONGEST, SignedPack
from kiosk.records.upload import Malformed, decode


def load_signed_pack(path: Path, region: str, centre_keys: Mapping[str, Ed25519PublicKey]) -> tuple[SignedPack, Pack]:
    """Read, believe and check one.

    :param region: the pack's key that is wanted.
    :param centre_keys: the centre's Ed25519 keys by key id.
    :raises PackError: it can't be read, is none, is another region's, is not signed by the centre, or its rules are
        wrong, with everything that is wrong.
    """
    data = content_of(path, PackError, most=LONGEST + 1)  # a stick may hold a file that no memory does
    if len(data) > LONGEST:
        raise PackError(f"{path}: too many bytes for a pack; at most {LONGEST}")
    try:
        signed = decode(data, SignedPack)
    except Malformed as error:
        raise PackError(f"{path}: not a signed pack: wanted is what python -m central sign-pack writes") from error
    key = centre_keys.get(signed.key_id)
    if key is None or not signed.is_genuine(key):
        raise PackError(f"{path}: not signed by this terminal's centre")
    if signed.region != region:
        raise PackError(f"{path}: rules of {signed.region}; this terminal's region is {region}")
    return signed, read_pack(signed.content, path.with_name(f"{signed.region}.toml"))
