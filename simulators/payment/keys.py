"""Keys of a simulated merchant and of the provider, made fresh: nothing secret lies in the project."""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MERCHANT_ID: Final = "1900000001"
APP_ID: Final = "wxsimulated0000001"
MERCHANT_SERIAL: Final = "5157F09EFDC096DE15EBE81A47057A7200000001"
PROVIDER_KEY_ID: Final = "PUB_KEY_ID_0119000000012026000000000000000001"
_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """What the provider holds."""

    signing: rsa.RSAPrivateKey = field(repr=False)
    merchant: rsa.RSAPublicKey = field(repr=False)
    api_v3_key: str = field(repr=False)
    """32 characters that merchant and provider share."""


def make_keys(directory: Path, *, gateway: str, notify_url: str) -> tuple[ProviderKeys, Path]:
    """The provider's keys, and the merchant's file for a centre with all that it names.

    :param gateway: where the provider listens.
    :param notify_url: where the centre does.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing, merchant = (rsa.generate_private_key(public_exponent=65537, key_size=_BITS) for _ in range(2))
    api_v3_key = secrets.token_hex(16)
    (directory / "merchant.key").write_bytes(
        merchant.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (directory / "provider.pem").write_bytes(
        signing.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (directory / "api_v3.key").write_text(api_v3_key, encoding="ascii")
    lines = {
        "merchant_id": MERCHANT_ID,
        "app_id": APP_ID,
        "certificate_serial": MERCHANT_SERIAL,
        "private_key": "merchant.key",
        "api_v3_key": "api_v3.key",
        "provider_key": "provider.pem",
        "provider_key_id": PROVIDER_KEY_ID,
        "notify_url": notify_url,
        "gateway": gateway,
    }
    file = directory / "payment.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()), encoding="utf-8")
    return ProviderKeys(signing, merchant.public_key(), api_v3_key), file
