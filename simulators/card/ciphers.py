"""The two block ciphers of the card: algorithm 01 is two-key 3DES, 03 is SM4 (docs/wire.md)."""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4


def encrypt(algorithm: int, key: bytes, blocks: bytes) -> bytes:
    """Encrypt whole blocks in ECB, as the norm does with single challenges and diversification factors.

    :param key: 16 bytes.
    :raises ValueError: another algorithm, or no whole blocks.
    """
    match algorithm:
        case 1:
            cipher = Cipher(TripleDES(key + key[:8]), modes.ECB())  # noqa: S305  # single blocks, by the card's norm
        case 3:
            cipher = Cipher(SM4(key), modes.ECB())  # noqa: S305  # single blocks, by the card's norm
        case _:
            raise ValueError(f"no algorithm {algorithm:02X} on this card")
    encryptor = cipher.encryptor()
    return encryptor.update(blocks) + encryptor.finalize()
