#!/usr/bin/env python3
"""Build the bundle: one archive from which ``deploy/install.sh`` makes a bare Debian 12 a terminal.

docs/installation.md says how it is used. In it are the installer, what it puts where, the wheels of the lock with their
hashes, fonts, models and rules, and the list of Debian packages; if wanted the packages themselves. ``SHA256SUMS``
names every file, and a signature over that list may lie beside it. The same inputs make the same archive: order, times
and owners are fixed.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
TOP: Final = "card-terminal-bundle"
"""The one folder in the archive."""
SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
CONFIG: Final = ("card_faces", "handbook", "holidays", "outlets", "regions")
"""What of ``config`` travels; the demo stays."""
UNPACKED: Final = 1.15
"""A wheel's files on the disk, with the byte code made of them, for a byte in the wheel unpacked; measured: 1.135."""
MEBIBYTE: Final = 1024 * 1024


class NotBuilt(Exception):
    """The bundle can't be built; the text says what is missing."""


def main() -> int:
    """Build it; where it lies is printed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bundle", help="folder of the archive")
    parser.add_argument("--debs", action="store_true", help="put the Debian packages in as well")
    parser.add_argument(
        "--sign", type=Path, metavar="KEY", help="Ed25519 private key (PEM) that signs the list of sums"
    )
    parser.add_argument("--wheels", type=Path, help="a folder of wheels made before, instead of fetching them")
    chosen = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="card-terminal-bundle-") as folder:
            stage = Path(folder) / TOP
            fill(stage, wheels=chosen.wheels, debs=chosen.debs)
            archive = finish(stage, chosen.output, key=chosen.sign)
    except (NotBuilt, OSError) as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    print(f"bundle: {archive}, {archive.stat().st_size // MEBIBYTE} MiB")
    return 0


def fill(stage: Path, *, wheels: Path | None, debs: bool) -> None:
    """Gather everything that the archive holds.

    :param wheels: taken as they are; None builds and fetches them by the lock.
    """
    stage.mkdir(parents=True)
    lay_out(stage)
    make_manual(stage / "manual")
    packages = debian_packages()
    _write(stage / "debian-packages.txt", "".join(f"{name}={version}\n" for name, version in packages))
    if debs:
        fetch_debs(stage / "debs", [name for name, _ in packages])
    if wheels is None:
        build_wheels(stage / "wheels")
    else:
        shutil.copytree(wheels, stage / "wheels")
    _write(stage / "requirements.txt", pinned(stage / "wheels"))
    _write(stage / "bundle.conf", description(stage))


def lay_out(stage: Path) -> None:
    """Copy what stands in the source tree, and what set-up has made in it.

    :raises NotBuilt: set-up has not run.
    """
    for made in ("assets/fonts/interface.otf", "assets/input/strokes.txt", "assets/models"):
        if not (ROOT / made).exists():
            raise NotBuilt(f"{made} is missing: make setup brings it")
    shutil.copy2(ROOT / "deploy" / "install.sh", stage / "install.sh")
    shutil.copytree(ROOT / "deploy" / "systemd", stage / "systemd")
    shutil.copytree(ROOT / "assets", stage / "assets", ignore=shutil.ignore_patterns("*.pot", "*.po"))
    for name in CONFIG:
        shutil.copytree(ROOT / "config" / name, stage / "config" / name)
    shutil.copy2(ROOT / "deploy" / "kiosk.toml", stage / "config" / "kiosk.toml")


def make_manual(folder: Path) -> None:
    """The pages of the manual and the shell's completion, from the words of the commands themselves."""
    _told(sys.executable, str(ROOT / "deploy" / "build_manual.py"), "--output", str(folder))


def debian_packages() -> list[tuple[str, str]]:
    """The packages that a terminal needs, with the version that apt would take on this machine."""
    listed = (ROOT / "deploy" / "systemd" / "debian-packages.txt").read_text("utf-8").splitlines()
    names = sorted(line for line in listed if line and not line.startswith("#"))
    told = _told("apt-cache", "policy", *names)
    versions = dict(re.findall(r"^(\S+):\n.*\n  Candidate: (\S+)", told, re.MULTILINE))
    lacking = [name for name in names if versions.get(name, "(none)") == "(none)"]
    if lacking:
        raise NotBuilt(f"apt knows no {', '.join(lacking)}: apt-get update")
    return [(name, versions[name]) for name in names]


def fetch_debs(folder: Path, names: list[str]) -> None:
    """Download the packages with all that they need, as for a machine that has nothing, and index them for apt."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        archives = Path(scratch)
        (archives / "partial").mkdir()
        (archives / "status").touch()
        command = [
            *("apt-get", "-qq", "-y", "--no-install-recommends", "--download-only"),
            *("-o", f"Dir::State::status={archives}/status", "-o", f"Dir::Cache::archives={archives}"),
            # Where the build runs as root, apt's own user can't write a private folder.
            *("-o", "APT::Sandbox::User=root", "install"),
        ]
        _told(*command, *names)
        entries = []
        for deb in sorted(archives.glob("*.deb")):
            # A colon of an epoch stands as %3a in apt's names.
            target = folder / deb.name.replace("%3a", "_")
            shutil.copyfile(deb, target)
            size = target.stat().st_size
            entries.append(
                f"{_told('dpkg-deb', '-f', str(target))}\n"
                f"Filename: ./{target.name}\nSize: {size}\nSHA256: {_digest(target)}\n"
            )
    _write(folder / "Packages", "\n".join(entries))


def build_wheels(folder: Path) -> None:
    """The application's own wheel, and by the lock's hashes all that it needs; what has no wheel is compiled here."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    build += ["--wheel-dir", str(folder)]
    with tempfile.TemporaryDirectory() as scratch:
        lock = Path(scratch) / "terminal.lock"
        _write(lock, terminal_lock((ROOT / "requirements.lock").read_text("utf-8")))
        _told(*build, "--require-hashes", "--requirement", str(lock))
    _told(*build, "--no-build-isolation", str(ROOT))


def terminal_lock(lock: str) -> str:
    """The lock's blocks for what the terminal itself needs: without centre, tests and tools.

    :raises NotBuilt: something is not in the lock.
    """
    blocks = {
        canonicalize_name(block.partition("==")[0]): block for block in re.split(r"^(?=\w)", lock, flags=re.MULTILINE)
    }
    needed: set[str] = set()
    with (ROOT / "pyproject.toml").open("rb") as file:
        waiting = list(tomllib.load(file)["project"]["dependencies"])
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        extras = ("", *requirement.extras)
        if name in needed and not requirement.extras:
            continue
        needed.add(name)
        for further in metadata.requires(name) or ():
            marker = Requirement(further).marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(further)
    lacking = needed - blocks.keys()
    if lacking:
        raise NotBuilt(f"requirements.lock has no {', '.join(sorted(lacking))}")
    return "".join(blocks[name] for name in sorted(needed))


def pinned(wheels: Path) -> str:
    """What pip is told: each wheel by name, version and hash."""
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{canonicalize_name(name)}=={version} --hash=sha256:{_digest(wheel)}\n")
    return "".join(lines)


def description(stage: Path) -> str:
    """What the installer asks of a machine before it changes anything."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    architecture = _told("dpkg", "--print-architecture")
    installed = sum(_unpacked(wheel) for wheel in (stage / "wheels").glob("*.whl")) * UNPACKED
    installed += sum(path.stat().st_size for path in (stage / "assets").rglob("*") if path.is_file())
    return (
        f"version={version}\ndebian=12\narchitecture={architecture}\n"
        f"installed_mib={round(installed / MEBIBYTE) + 1}\ndebs={'yes' if (stage / 'debs').exists() else 'no'}\n"
    )


def finish(stage: Path, output: Path, *, key: Path | None) -> Path:
    """Write the sums, sign them, and pack all; the archive."""
    shutil.rmtree(stage / "assets" / "__pycache__", ignore_errors=True)
    files = [path for path in _files(stage) if path.name not in {SUMS, SIGNATURE}]
    _write(stage / SUMS, "".join(f"{_digest(path)}  {path.relative_to(stage)}\n" for path in files))
    if key is not None:
        files_of = ["-inkey", str(key), "-in", str(stage / SUMS), "-out", str(stage / SIGNATURE)]
        _told("openssl", "pkeyutl", "-sign", "-rawin", *files_of)
    version = re.findall(r"^version=(.+)$", (stage / "bundle.conf").read_text("utf-8"), re.MULTILINE)[0]
    output.mkdir(parents=True, exist_ok=True)
    archive = output / f"card-terminal-{version}.tar"
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in _files(stage):
            _add(tar, path, f"{TOP}/{path.relative_to(stage)}")
    part.replace(archive)
    return archive


def epoch() -> int:
    """The time that files in the archive bear: ``SOURCE_DATE_EPOCH``, else that of the last commit, else 2020."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    if not (ROOT / ".git").exists():
        return 1_577_836_800
    return int(_told("git", "-C", str(ROOT), "log", "-1", "--format=%ct"))


def _told(*command: str) -> str:
    """What a program says; that of the build bears the archive's time."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    if command[0] == sys.executable:
        environment["SOURCE_DATE_EPOCH"] = str(epoch())
    told = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603 - ours
    if told.returncode:
        raise NotBuilt(f"{command[0]} ended with {told.returncode}: {told.stderr.strip()[-500:]}")
    return told.stdout.strip()


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = path.stat().st_size
    entry.mtime = epoch()
    entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    entry.uname = entry.gname = "root"
    with path.open("rb") as content:
        tar.addfile(entry, content)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _unpacked(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
