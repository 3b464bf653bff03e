"""The demo's technicians: their cards on the stand, and the telephone that shows their one-time codes."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import pyotp

from kiosk.records.technician import Role
from simulators.card.chips import chip_of
from simulators.card.slot import Chip
from simulators.card.technician_chip import TECHNICIANS, load_technician_card

FOLDER: Final = "technicians"
"""Of the stand's state."""
_STAFF: Final[Mapping[str, tuple[Role, str, str]]] = {
    "T1001": (Role.FULL, "全部权限", "may do everything"),
    "T1002": (Role.SUPPLIES, "只管耗材", "supplies only"),
}
"""Who is on the centre's roster: role, and what the stand calls them. No name of anybody stands at the centre."""
_CARDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "t1001": ("T1001", "维护卡 T1001", "Technician's card", "什么都能做。先按住屏幕下方的终端号三秒。"),
    "t1002": ("T1002", "维护卡 T1002", "Technician's card", "只管耗材。先按住屏幕下方的终端号三秒。"),
    "clone-of-t1001": ("T1001", "复制的维护卡", "A copied technician's card", "证书和密码都对，密钥不对。"),
    "t1003-blocked": ("T1003", "锁住的维护卡", "A blocked technician's card", "密码锁住了，中心也不认识。"),
}


@dataclass(frozen=True, slots=True)
class DemoTechnicianCard:
    """A technician's card on the stand; its file keeps what the chip keeps."""

    key: str
    path: Path

    def chip(self) -> Chip:
        """The chip, ready to be put into a slot."""
        return chip_of(self.path)

    @property
    def title(self) -> str:
        """What it is called on the stand."""
        return _CARDS[self.key][1]

    @property
    def title_en(self) -> str:
        """The same in English."""
        return _CARDS[self.key][2]

    def picture(self) -> dict[str, Any]:
        """What the bench shows of it."""
        card = load_technician_card(self.path)
        return {
            "key": self.key,
            "title": self.title,
            "title_en": self.title_en,
            "about": _CARDS[self.key][3],
            "about_en": card.about,
            "kind": "technician",
            "here": True,
            "pin": card.pin.digits,
        }


class TechniciansAtHand:
    """Those who are on the roster of the demo's centre, with the secrets that their telephones keep."""

    def __init__(self, secrets: Mapping[str, str], cards: Mapping[str, DemoTechnicianCard]) -> None:
        self._codes = {staff: pyotp.TOTP(secret) for staff, secret in secrets.items()}
        self.cards = cards

    @classmethod
    def enlisted(cls, directory: Path, enlist: Callable[[str, Role, Path], str]) -> Self:
        """Enter them at the centre, once, and lay their cards out.

        :param directory: where cards and secrets are kept for as long as the run's state is.
        :param enlist: enters somebody with the certificate of their card; the ``otpauth`` address that is shown once.
        """
        directory.mkdir(exist_ok=True)
        cards = {}
        for key in _CARDS:
            path = directory / f"{key}.json"
            if not path.exists():
                shutil.copyfile(TECHNICIANS / path.name, path)
            cards[key] = DemoTechnicianCard(key, path)
        kept = directory / "telephones"
        if not kept.exists():
            secrets = {}
            for staff, (role, _, _) in _STAFF.items():
                certificate = directory / f"{staff}.cer"
                certificate.write_bytes(load_technician_card(cards[staff.lower()].path).certificate)
                uri = enlist(staff, role, certificate)
                secrets[staff] = pyotp.parse_uri(uri).secret
            with os.fdopen(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
                json.dump(secrets, file)
        return cls(json.loads(kept.read_text("ascii")), cards)

    def picture(self, at_s: float) -> list[dict[str, Any]]:
        """What their telephones show at a time, seconds since 1970: a code for each half minute."""
        return [
            {
                "staff": staff,
                "role": role.value,
                "zh": zh,
                "en": en,
                "code": self._codes[staff].generate_otp(int(at_s) // 30),
            }
            for staff, (role, zh, en) in _STAFF.items()
        ]
