"""One byte sequence for one value: JSON without spaces, UTF-8, no floats.

Struct fields stand in the order of their definition, keys of mappings are sorted.
"""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(value: Any) -> bytes:
    """Encode ``value`` so that equal values give equal bytes. Bytes become base64; money is an integer of fen."""
    return _encoder.encode(value)
