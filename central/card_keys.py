"""Keys of the cards ("ours", docs/protocol.md): derived from master keys, never stored card by card."""

import hmac
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

FIRST_SM4_NORM: Final = "3.00"
"""Cards of this norm version (AAZ508) and later have SM4 keys, older ones 3DES."""


class Algorithm(Enum):
    """What a card computes with; the value is the challenge's length in bytes."""

    TRIPLE_DES = 8
    SM4 = 16

    @classmethod
    def of_norm(cls, norm_version: str) -> "Algorithm":
        """The algorithm of a card by its norm version, such as "2.00"."""
        return cls.SM4 if norm_version >= FIRST_SM4_NORM else cls.TRIPLE_DES


class KeyUse(Enum):
    """What a card's key is for; the value is its number on the card."""

    INTERNAL = 0x01
    """The card proves itself."""
    EXTERNAL = 0x02
    """The terminal proves itself to the card."""
    PERSONALISATION = 0x03
    """Whoever writes to a blank proves themselves to it."""


class MasterKeySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Three 16-byte master keys as hex."""

    internal: str
    external: str
    personalisation: str

    def __post_init__(self) -> None:
        if any(len(self.of(use)) != 16 for use in KeyUse):
            raise ValueError("a master key has 16 bytes")

    def of(self, use: KeyUse) -> bytes:
        """The master key of one use."""
        return bytes.fromhex(getattr(self, use.name.lower()))

    def __repr__(self) -> str:
        return "<MasterKeySet>"


class CardMasterKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The issuer's master keys."""

    triple_des: MasterKeySet
    sm4: MasterKeySet
    about: str = ""

    @classmethod
    def load(cls, path: Path) -> "CardMasterKeys":
        """Read the key file.

        :raises msgspec.DecodeError: not such a file.
        """
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def expected_answer(self, algorithm: Algorithm, identification_code: str, challenge: bytes) -> bytes:
        """What the genuine card of that code answers to the centre's ``challenge`` (INTERNAL AUTHENTICATE)."""
        return _encrypt(algorithm, self._card_key(algorithm, identification_code, KeyUse.INTERNAL), challenge)

    def is_genuine(self, algorithm: Algorithm, identification_code: str, challenge: bytes, answer: bytes) -> bool:
        """Whether ``answer`` is that card's answer to ``challenge``; takes the same time either way."""
        return hmac.compare_digest(self.expected_answer(algorithm, identification_code, challenge), answer)

    def terminal_cryptogram(self, algorithm: Algorithm, identification_code: str, challenge: bytes) -> bytes:
        """What the card wants to hear to its own ``challenge`` (EXTERNAL AUTHENTICATE).

        :raises ValueError: not a challenge of that algorithm's length.
        """
        return self._answer(algorithm, identification_code, challenge, KeyUse.EXTERNAL)

    def personalisation_cryptogram(self, algorithm: Algorithm, identification_code: str, challenge: bytes) -> bytes:
        """What a blank of that code wants to hear to its own ``challenge`` before it lets itself be written to.

        :raises ValueError: not a challenge of that algorithm's length.
        """
        return self._answer(algorithm, identification_code, challenge, KeyUse.PERSONALISATION)

    def _answer(self, algorithm: Algorithm, identification_code: str, challenge: bytes, use: KeyUse) -> bytes:
        if len(challenge) != algorithm.value:
            raise ValueError("a challenge has the length of the algorithm's block")
        return _encrypt(algorithm, self._card_key(algorithm, identification_code, use), challenge)

    def _card_key(self, algorithm: Algorithm, identification_code: str, use: KeyUse) -> bytes:
        masters = self.triple_des if algorithm is Algorithm.TRIPLE_DES else self.sm4
        return card_key(algorithm, masters.of(use), identification_code)


def card_key(algorithm: Algorithm, master: bytes, identification_code: str) -> bytes:
    """A card's own key, 16 bytes.

    :param identification_code: AAZ501, 16 bytes as hex; its last eight bytes are the factor.
    """
    factor = bytes.fromhex(identification_code)[-8:]
    inverse = bytes(byte ^ 0xFF for byte in factor)
    # Both algorithms see the same 16 bytes: two blocks of 3DES, or one of SM4.
    return _encrypt(algorithm, master, factor + inverse)


def triple_des(key: bytes) -> Cipher[modes.ECB]:
    """3DES in ECB under a two-key (16-byte) key."""
    return Cipher(TripleDES(key + key[:8]), modes.ECB())  # noqa: S305 - the card's and the pad's own single blocks


def _encrypt(algorithm: Algorithm, key: bytes, data: bytes) -> bytes:
    sm4 = Cipher(SM4(key), modes.ECB())  # noqa: S305 - one block, as the card does it
    encryptor = (triple_des(key) if algorithm is Algorithm.TRIPLE_DES else sm4).encryptor()
    return encryptor.update(data) + encryptor.finalize()
