"""Rules to be broken on purpose, in a copy of the region packs or of the centre's keys, never in code."""

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Final

PACK_BREAKS: Final = {
    "pin.tries": ("zhumadian", "pin.tries", "5"),
    "pin.initial": ("zhumadian", "pin.initial", '"654321"'),
    "query.pin_required": ("zhumadian", "services.card_query.pin_required", "false"),
    "pin_change.self_service": ("zhumadian", "services.pin_change.self_service", "false"),
    "pin.held_by": ("beijing", "pin.held_by", '"chip"'),
    "hotline": ("beijing", "hotline", '"96999"'),
    "codes": ("beijing", "codes", '["1100", "1101", "4117"]'),
}
"""Pack, rule and the wrong value, by the name given to BREAK."""
KEY_BREAK: Final = "centre.signing_key"
"""The terminal is told another signing key of the centre's, so that it believes no answer."""
BREAKS: Final = (*PACK_BREAKS, KEY_BREAK)


def copy_packs(original: Path, copy: Path, broken: str | None) -> Path:
    """The region packs to run with, one of them broken if asked.

    :raises LookupError: the pack has no such rule.
    """
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original, copy)
    if broken in PACK_BREAKS:
        region, rule, value = PACK_BREAKS[broken]
        path = copy / f"{region}.toml"
        text = path.read_text(encoding="utf-8")
        changed, count = re.subn(rf"(?m)^(\[{re.escape(rule)}\]\nvalue = ).*$", lambda found: found[1] + value, text)
        if count != 1:
            raise LookupError(f"{path.name} has no stated rule {rule}")
        path.write_text(changed, encoding="utf-8")
    return copy


def break_centre_key(public_keys: Path) -> None:
    """Give the terminal 32 other bytes for the key that the centre signs with."""
    public = json.loads(public_keys.read_text(encoding="utf-8"))
    key = bytearray(base64.b64decode(public["signing_key"]))
    key[0] ^= 1
    public["signing_key"] = base64.b64encode(bytes(key)).decode("ascii")
    public_keys.write_text(json.dumps(public), encoding="utf-8")
