"""deploy/install.sh with a small bundle in a root of its own: what it refuses, where it puts things, what it keeps.

The root is an overlay of this machine's ``/usr`` in a private mount namespace, so nothing of the machine is touched and
all that the installer writes lies in one folder. ``make install-test`` does the same with everything real, booted.
"""

import base64
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from kiosk.configuration import load_configuration
from tests.e2e.installation.prepared import bundle_tool, package, variant

ROOT = Path(__file__).parents[2]
SCRIPTS = (
    "deploy/install.sh",
    "deploy/build_deb.sh",
    *(f"deploy/systemd/{name}" for name in ("enrol", "provision", "seal-keys", "display-authority", "kiosk")),
)
TOOL = bundle_tool()
USAGE, BUNDLE_WRONG, MACHINE_WRONG, PACKAGES_FAILED, NO_SPACE, BUSY, QUEUE_NOT_EMPTY = 64, 65, 66, 69, 73, 75, 76
PROGRAM = """
import pathlib, sys

def main():
    told = pathlib.Path("/var/lib/card-terminal/told")
    if sys.argv[1:3] == ["ledger", "check"]:
        sys.stdout.write(told.read_text())
"""
"""In the place of the application: what ``kiosk ledger check`` tells is what the test has written."""
INSIDE = """
set -eu
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$1/upper,workdir=$1/work" "$1/root/usr"
mount --bind /var/lib/dpkg "$1/root/var/lib/dpkg"
mount --bind /dev "$1/root/dev"
# Nobody pulls the plug here, and on a machine with other work the disk takes a minute to come to rest.
mount --bind /bin/true "$(command -v sync)"
shift
exec "$@"
"""


@dataclass
class Root:
    """A Debian to install into."""

    folder: Path
    told: "subprocess.CompletedProcess[str] | None" = None
    """What the installer said of it, where a fixture has run it."""

    @classmethod
    def made(cls, folder: Path) -> Self:
        for name in ("upper", "work", *(f"root/{part}" for part in ("usr", "var/lib/dpkg", "var/tmp", "etc", "dev"))):
            (folder / name).mkdir(parents=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (folder / "root" / name).symlink_to(f"usr/{name}")
        for name in ("passwd", "group", "shadow", "gshadow", "os-release", "ld.so.cache"):
            shutil.copy(Path("/etc") / name, folder / "root" / "etc" / name)
        return cls(folder)

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """The installer, with this root."""
        command = ["unshare", "--mount", "sh", "-c", INSIDE, "sh", str(self.folder), str(ROOT / "deploy/install.sh")]
        return subprocess.run(
            [*command, "--root", self.folder / "root", *arguments],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def __truediv__(self, path: str) -> Path:
        """A file of it; below ``usr`` only what was written there."""
        return self.folder / "upper" / path.removeprefix("usr/") if path.startswith("usr/") else (
            self.folder / "root" / path
        )  # fmt: skip

    def written(self) -> set[str]:
        """Everything that lies in it."""
        return {str(path) for part in ("upper", "root") for path in (self.folder / part).rglob("*")}

    def version(self, link: str = "current") -> str:
        return (self / f"opt/card-terminal/{link}").readlink().name


def wheel(folder: Path) -> None:
    """A package that has a program of the name of ours."""
    files = {
        "stand_in.py": PROGRAM,
        "stand_in-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: stand-in\nVersion: 1\n",
        "stand_in-1.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "stand_in-1.dist-info/entry_points.txt": "[console_scripts]\nkiosk = stand_in:main\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},\n"
        for name, text in files.items()
    )
    folder.mkdir()
    with zipfile.ZipFile(folder / "stand_in-1-py3-none-any.whl", "w") as archive:
        for name, text in (files | {"stand_in-1.dist-info/RECORD": record}).items():
            archive.writestr(zipfile.ZipInfo(name), text)


def fill(stage: Path, manual: Callable[[Path], None] = TOOL.make_manual) -> None:
    """What a bundle holds, small."""
    stage.mkdir(parents=True)
    wheel(stage / "wheels")
    shutil.copy2(ROOT / "deploy" / "install.sh", stage)
    shutil.copytree(ROOT / "deploy" / "systemd", stage / "systemd")
    for name in ("assets", "config"):
        (stage / name).mkdir()
        (stage / name / "kept.txt").write_text("one")
    shutil.copy(ROOT / "deploy" / "kiosk.toml", stage / "config")
    manual(stage / "manual")
    for page in (stage / "manual" / "man1").iterdir():
        if page.name not in {"kiosk.1.gz", "kiosk-doctor.1.gz"}:
            page.unlink()
    (stage / "debian-packages.txt").write_text("coreutils=1\n")
    (stage / "requirements.txt").write_text(TOOL.pinned(stage / "wheels"))
    (stage / "bundle.conf").write_text(TOOL.description(stage))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    fill(folder / TOOL.TOP)
    made: Path = TOOL.finish(folder / TOOL.TOP, folder, key=None)
    return made


@pytest.fixture(scope="module")
def newer(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def alter(stage: Path) -> None:
        (stage / "config" / "kept.txt").write_text("two")
        (stage / "systemd" / "sysctl.d" / "61-newer.conf").write_text("")
        (stage / "systemd" / "rules.d" / "71-card-terminal-devices.rules").write_text("# another pattern\n")

    return variant(TOOL, bundle, tmp_path_factory.mktemp("newer") / "bundle", alter)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root.made(tmp_path / "machine")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_scripts_are_clean(script: str) -> None:
    told = subprocess.run(["shellcheck", ROOT / script], capture_output=True, text=True, check=False)
    assert told.stdout == ""


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(root: Root, bundle: Path) -> None:
    before = root.written()
    told = root.run("--dry-run", bundle)
    assert told.returncode == 0, told.stderr
    assert "install: would chroot" in told.stdout
    assert "/usr/lib/systemd/system/card-terminal.service" in told.stdout
    assert root.written() == before


def flip(archive: Path) -> None:
    """One bit of what is packed, the archive's own structure left whole."""
    content = bytearray(archive.read_bytes())
    content[content.index(b"Metadata-Version") if b"Metadata-Version" in content else -1] ^= 1
    archive.write_bytes(content)


def cut(archive: Path) -> None:
    """In the middle of a file: where it is cut between two, tar is content, and the list of sums is not."""
    with tarfile.open(archive) as tar:
        largest = max(tar.getmembers(), key=lambda one: one.size)
    os.truncate(archive, largest.offset_data + largest.size // 2)


def cut_between(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        *_, last = tar.getmembers()
    os.truncate(archive, last.offset)


def add(archive: Path) -> None:
    with tarfile.open(archive, "a") as tar:
        tar.add(ROOT / "LICENSE", f"{TOOL.TOP}/config/further.txt")


def link(archive: Path) -> None:
    entry = tarfile.TarInfo(f"{TOOL.TOP}/config/link")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/shadow"
    with tarfile.open(archive, "a") as tar:
        tar.addfile(entry)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (flip, "not what was built: wheels/stand_in-1-py3-none-any.whl"),
        (cut, "is not whole"),
        (cut_between, "other files than its list names"),
        (add, "other files than its list names: config/further.txt"),
        (link, "holds something else than files"),
    ],
)
def test_a_bundle_that_is_not_what_was_built_is_refused(
    root: Root, bundle: Path, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    damaged = tmp_path / "damaged.tar"
    shutil.copy(bundle, damaged)
    damage(damaged)
    told = root.run(damaged)
    assert told.returncode == BUNDLE_WRONG, told.stdout
    assert words in told.stderr
    assert not (root / "opt").exists()
    assert not list((root / "var/tmp").iterdir()), "what was unpacked is cleared away"


def test_a_signature_that_is_demanded_must_be_there_and_be_right(root: Root, bundle: Path, tmp_path: Path) -> None:
    keys = []
    for name in ("ours", "theirs"):
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        keys.append((private, public))
    (ours, public), (theirs, _) = keys
    told = root.run("--verify-with", public, bundle)
    assert (told.returncode, "is not signed" in told.stderr) == (BUNDLE_WRONG, True)
    for key, code in ((theirs, BUNDLE_WRONG), (ours, 0)):
        stage = tmp_path / key.stem
        subprocess.run(["tar", "-xf", bundle, "-C", tmp_path], check=True)
        (tmp_path / TOOL.TOP).rename(stage)
        signed = TOOL.finish(stage, tmp_path / f"{key.stem}-signed", key=key)
        told = root.run("--dry-run", "--verify-with", public, signed)
        assert told.returncode == code, told.stderr
    # From then on without being asked.
    (root / "etc/kiosk").mkdir()
    shutil.copy(public, root / "etc/kiosk/bundle-key.pem")
    assert root.run(bundle).returncode == BUNDLE_WRONG


def test_another_debian_is_refused(root: Root, bundle: Path) -> None:
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="11"\n')
    told = root.run(bundle)
    assert told.returncode == MACHINE_WRONG
    assert "this needs Debian 12, and finds debian 11" in told.stderr
    assert not (root / "opt").exists()


def described(bundle: Path, output: Path, old: str, new: str) -> Path:
    def alter(stage: Path) -> None:
        for name in ("bundle.conf", "debian-packages.txt"):
            text = (stage / name).read_text()
            (stage / name).write_text(text.replace(old, new))

    return variant(TOOL, bundle, output, alter)


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("installed_mib=", "installed_mib=99999999", NO_SPACE, "the disk is too small"),
        ("architecture=", "architecture=not-", MACHINE_WRONG, "the bundle is for not-"),
        ("coreutils", "no-such-package", PACKAGES_FAILED, "these are missing: no-such-package"),
    ],
)
def test_a_machine_that_will_not_do_is_refused(
    root: Root, bundle: Path, tmp_path: Path, old: str, new: str, code: int, words: str
) -> None:
    told = root.run("--offline", described(bundle, tmp_path / "other", old, new))
    assert told.returncode == code, told.stdout
    assert words in told.stderr
    assert not (root / "opt").exists()


def test_without_a_network_it_says_so_and_has_changed_nothing(root: Root, bundle: Path, tmp_path: Path) -> None:
    """apt has no lists there, and nowhere to get them."""
    told = root.run(described(bundle, tmp_path / "other", "coreutils", "no-such-package"))
    assert told.returncode == PACKAGES_FAILED
    assert "apt can't" in told.stderr
    assert not (root / "opt").exists()


@pytest.fixture(scope="module")
def installed(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Where an installation broke off half-way, and the next one went on."""
    root = Root.made(tmp_path_factory.mktemp("installed") / "machine")
    told = root.run("--dry-run", bundle)
    place = next(line for line in told.stdout.splitlines() if "/venv" not in line and "rm -rf" in line).split()[-1]
    half = root.folder / "root" / "opt" / "card-terminal" / "versions" / Path(place).name
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").write_text("half of a program")
    root.told = root.run("--offline", bundle)
    return root


def test_what_stands_where_and_what_broke_off_is_finished(installed: Root) -> None:
    root = installed
    assert root.told is not None
    assert root.told.returncode == 0, root.told.stderr
    assert (root / f"opt/card-terminal/versions/{root.version()}/complete").exists()
    for name, place in (line.split() for line in (ROOT / "deploy/systemd/places.txt").read_text().splitlines()[1:]):
        version = root / "opt/card-terminal/current"
        source = version / "systemd" / name if name.startswith("..") else ROOT / "deploy" / "systemd" / name
        for file in source.rglob("*") if source.is_dir() else (source,):
            if file.is_file():
                target = root / f"{place}/{file.relative_to(source) if source.is_dir() else ''}".strip("/")
                assert target.read_bytes() == file.read_bytes()
                assert target.stat().st_mode & 0o777 == (0o755 if not source.is_dir() else 0o644)
    assert {"kiosk.1.gz", "kiosk-doctor.1.gz"} <= {path.name for path in (root / "usr/share/man/man1").iterdir()}
    assert (root / "usr/share/bash-completion/completions/kiosk").read_text("utf-8").startswith("# AUTOMATICALLY")
    for unit in (line for line in (ROOT / "deploy/systemd/masked-units.txt").read_text().splitlines()[1:]):
        assert str((root / f"etc/systemd/system/{unit}").readlink()) == "/dev/null"
    wanted = root / "etc/systemd/system/card-terminal.target.wants"
    assert (wanted / "card-terminal.service").is_symlink()
    assert (root / "etc/kiosk/kiosk.toml").read_bytes() == (ROOT / "deploy" / "kiosk.toml").read_bytes()
    assert (root / "etc/kiosk/kiosk.toml").stat().st_mode & 0o777 == 0o640
    assert "card-terminal:" in (root / "etc/passwd").read_text()
    writable = [path for path in (root / "opt").rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    assert not writable
    assert all(path.stat().st_uid == 0 for path in (root / "opt").rglob("*") if not path.is_symlink())
    assert not list((root / "opt").rglob("bin/pip*")), "a terminal installs nothing by itself"


def test_newer_back_again_and_away(root: Root, bundle: Path, newer: Path) -> None:
    """What a technician filled stays through all of it; of a removal, what only this terminal has."""
    names, pattern = root / "etc/udev/rules.d/71-card-terminal-devices.rules", root / "etc/kiosk/kiosk.toml"
    further = root / "etc/sysctl.d/61-newer.conf"
    assert root.run("--offline", bundle).returncode == 0
    first = root.version()
    names.write_text("# filled\n")
    pattern.write_text("# filled\n")

    told = root.run("--offline", newer)
    assert told.returncode == 0, told.stderr
    assert (root.version(), root.version("previous")) != (first, first)
    assert root.version("previous") == first
    assert ((root / "opt/card-terminal/current/config/kept.txt").read_text(), further.exists()) == ("two", True)
    told = root.run("--rollback")
    assert told.returncode == 0, told.stderr
    assert root.version() == first
    assert (root / "opt/card-terminal/current/config/kept.txt").read_text() == "one"
    assert not further.exists(), "what only the newer version had is gone with it"
    assert (names.read_text(), pattern.read_text()) == ("# filled\n", "# filled\n")

    told_by_ledger = root / "var/lib/card-terminal/told"
    (root / "var/lib/card-terminal/ledger").mkdir(parents=True)
    for says, words in (
        ('{"entries": 7, "delivered_through": 4}', "3 entries wait"),
        ('{"entries": 2, "uplink": "has never run"}', "2 entries wait"),
        ("", "how many entries wait for the centre can't be told"),
    ):
        told_by_ledger.write_text(says)
        for wanted in (["--remove"], ["--purge"], ["--purge", "--with-ledger", "--leave-queue"]):
            told = root.run(*wanted)
            assert (told.returncode, words in told.stderr) == (QUEUE_NOT_EMPTY, True), told.stderr
    assert root.version() == first, "nothing was removed"
    told = root.run("--remove", "--leave-queue")
    assert told.returncode == 0, told.stderr
    assert not (root / "opt/card-terminal").exists()
    assert not (root / "usr/lib/systemd/system/card-terminal.service").exists()
    assert not list((root / "usr/share/man/man1").glob("kiosk*"))
    assert not (root / "etc/systemd/system/getty@.service").exists(), "masks are taken away"
    assert (told_by_ledger.exists(), names.read_text(), pattern.read_text()) == (True, "# filled\n", "# filled\n")


def test_what_nobody_waits_for_can_be_purged(installed: Root, bundle: Path) -> None:
    root = installed
    assert root.run("--purge", "--with-ledger", bundle).returncode == USAGE
    assert root.run("--remove", "--with-ledger").returncode == USAGE
    ledger, keys = root / "var/lib/card-terminal/ledger", root / "etc/credstore.encrypted"
    ledger.mkdir(parents=True)
    (root / "var/lib/card-terminal/told").write_text('{"entries": 4, "delivered_through": 4}')
    (keys / "card-terminal.storage.key").write_text("sealed")
    told = root.run("--purge", "--with-ledger")
    assert told.returncode == 0, told.stderr
    assert not [path for path in (ledger, keys / "card-terminal.storage.key", root / "etc/kiosk") if path.exists()]
    assert "card-terminal" not in (root / "etc/passwd").read_text()


def test_two_at_once_are_one_too_many(root: Root, bundle: Path) -> None:
    (root / "run").mkdir()
    with (root / "run/card-terminal-install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = root.run("--offline", bundle)
    assert (told.returncode, "another installation runs" in told.stderr) == (BUSY, True)


def test_a_debian_package_brings_the_bundle_and_asks_the_installer(bundle: Path, tmp_path: Path) -> None:
    """What apt takes away, the installer lets go: while entries wait for the centre the package stays."""
    made = package(bundle, tmp_path / "deb", 0)
    subprocess.run(["dpkg-deb", "--raw-extract", made, tmp_path / "out"], check=True)
    assert (tmp_path / "out/usr/share/card-terminal/bundle.tar").read_bytes() == bundle.read_bytes()
    control = (tmp_path / "out/DEBIAN/control").read_text("utf-8")
    assert "\nDepends: coreutils\n" in control
    scripts = [tmp_path / "out/DEBIAN" / name for name in ("postinst", "prerm", "postrm")]
    assert subprocess.run(["shellcheck", *scripts], check=False).returncode == 0
    assert "install.sh --offline --no-packages /usr/share/card-terminal/bundle.tar" in scripts[0].read_text("utf-8")
    assert "card-terminal-install --remove\n" in scripts[1].read_text("utf-8")
    assert "/var/lib/card-terminal" not in scripts[2].read_text("utf-8")


def test_the_same_files_make_the_same_bundle(bundle: Path, tmp_path: Path) -> None:
    again = variant(TOOL, bundle, tmp_path / "again", lambda _: None)
    assert again.read_bytes() == bundle.read_bytes()


def test_a_bundle_holds_what_the_terminal_imports_and_nothing_of_the_centre() -> None:
    lock = TOOL.terminal_lock((ROOT / "requirements.lock").read_text("utf-8"))
    names = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {"kivy", "pyscard", "cryptography", "opencv-python", "cffi"} <= names
    assert not {"fastapi", "pytest", "mypy", "hypothesis", "sqlalchemy"} & names
    assert lock.count("--hash=sha256:") >= len(names)
    with pytest.raises(TOOL.NotBuilt, match="pyscard"):
        TOOL.terminal_lock(lock.replace("pyscard==", "pyscar=="))


def test_what_travels_is_all_that_the_pattern_of_the_configuration_names(tmp_path: Path) -> None:
    pattern = tomllib.loads((ROOT / "deploy" / "kiosk.toml").read_text("utf-8"))
    folders = [Path(path).parts[3:] for path in pattern["paths"].values()]
    assert {parts[1] for parts in folders if parts[0] == "config"} <= set(TOOL.CONFIG)
    commented = (ROOT / "deploy" / "kiosk.toml").read_text("utf-8").replace("\n#[", "\n[").replace("\n#", "\n")
    file = tmp_path / "kiosk.toml"
    file.write_text("".join(line for line in commented.splitlines(keepends=True) if "=" in line or line[0] == "["))
    assert load_configuration(file).terminal.id == "to-be-set"
