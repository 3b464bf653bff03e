"""The Debian package by dpkg itself, with a small bundle, in the root of test_installer.py: renewed, kept, removed.

dpkg's own list is a copy, so that this machine's knows nothing of it. ``make install-test`` does the same with apt and
everything real, booted.
"""

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.installation.prepared import bundle_tool, package, variant
from tests.integration.test_installer import MACHINE_WRONG, Root, fill

TOOL = bundle_tool()
BY_DPKG = """
set -eu
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$1/upper,workdir=$1/work" "$1/root/usr"
mount -t overlay overlay -o "lowerdir=/var/lib/dpkg,upperdir=$1/list,workdir=$1/list-work" "$1/root/var/lib/dpkg"
mount --bind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
# As there, for an installer that runs inside as well.
mount --bind /bin/true "$1/root/usr/bin/sync"
mount --bind /bin/true "$(command -v sync)"
shift
exec "$@"
"""
FILLED = "# filled in\n"


class PackageRoot(Root):
    """The same with a list of packages that is its own."""

    def told_to(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Something that is run from outside, with the root put together."""
        inside: list[str | Path] = ["unshare", "--mount", "sh", "-c", BY_DPKG, "sh", self.folder]
        return subprocess.run([*inside, *command], capture_output=True, text=True, check=False, timeout=60)

    def dpkg(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        return self.told_to("dpkg", f"--root={self.folder / 'root'}", "--force-unsafe-io", *words)

    def installer(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        """Of the root's own, by hand."""
        return self.told_to("chroot", self.folder / "root", "/usr/sbin/card-terminal-install", *words)

    def lay(self, version: str, laid: Path) -> None:
        """A version that is whole already: that laying one down works is test_installer.py's, and takes seconds."""
        shutil.copytree(laid, self / f"opt/card-terminal/versions/{version}", symlinks=True)

    def stands(self) -> str:
        """How dpkg has it; empty where it knows nothing of it."""
        told = self.dpkg("--status", "card-terminal").stdout
        return next((line.partition(": ")[2] for line in told.splitlines() if line.startswith("Status:")), "")


def version_of(bundle: Path) -> str:
    """What the installer calls it."""
    with tarfile.open(bundle) as tar:
        sums, described = (tar.extractfile(f"{TOOL.TOP}/{name}") for name in ("SHA256SUMS", "bundle.conf"))
        assert sums is not None
        assert described is not None
        version = described.read().decode().partition("\n")[0].removeprefix("version=")
        return f"{version}-{hashlib.sha256(sums.read()).hexdigest()[:12]}"


def a_page(folder: Path) -> None:
    """In the place of the manual."""
    for name in ("man1/kiosk.1.gz", "completions/kiosk"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("one")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A bundle, its package and a newer one."""
    folder = tmp_path_factory.mktemp("packages")
    fill(folder / TOOL.TOP, a_page)
    bundle: Path = TOOL.finish(folder / TOOL.TOP, folder, key=None)

    def alter(stage: Path) -> None:
        (stage / "config" / "kept.txt").write_text("two")

    newer = variant(TOOL, bundle, folder / "newer", alter)
    return {
        "bundle": bundle,
        "newer bundle": newer,
        "first": package(bundle, folder / "first-package", 0),
        "newer": package(newer, folder / "newer-package", 1),
    }


@pytest.fixture
def root(tmp_path: Path) -> PackageRoot:
    made = PackageRoot.made(tmp_path / "machine")
    for name in ("list", "list-work", "root/proc", "root/tmp"):
        (made.folder / name).mkdir()
    # The installer runs inside, where Debian's awk is a link by way of here.
    (made / "etc/alternatives").mkdir()
    (made / "etc/alternatives/awk").symlink_to(Path("/etc/alternatives/awk").readlink())
    return made


def test_a_package_keeps_what_was_filled_in_and_does_not_go_while_entries_wait(
    root: PackageRoot, packages: Mapping[str, Path], tmp_path: Path
) -> None:
    settings, state = root / "etc/kiosk/kiosk.toml", root / "var/lib/card-terminal"
    told = root.run("--offline", packages["bundle"])
    assert told.returncode == 0, told.stderr
    first = root.version()
    shutil.copytree(root / f"opt/card-terminal/versions/{first}", tmp_path / "laid", symlinks=True)
    root.lay(version_of(packages["newer bundle"]), tmp_path / "laid")
    settings.write_text(FILLED)
    told = root.dpkg("--install", packages["newer"])
    assert told.returncode == 0, told.stdout + told.stderr
    newer = root.version()
    assert (root.stands(), root.version("previous")) == ("install ok installed", first), "it takes over from a bundle"
    assert (settings.read_text(), newer != first) == (FILLED, True)

    (root / "root").mkdir()
    (root / "root/bundle.tar").hardlink_to(packages["bundle"])
    told = root.installer("--offline", "/root/bundle.tar")
    assert (told.returncode, "apt install ./card-terminal" in told.stderr) == (MACHINE_WRONG, True), told.stderr
    assert root.version() == newer, "a bundle on top of a package is refused"

    sealed = root / "etc/credstore.encrypted/card-terminal.storage.key"
    only_here = [state / "ledger", sealed]
    (state / "ledger").mkdir(parents=True)
    sealed.write_text("sealed")
    (state / "told").write_text('{"entries": 7, "delivered_through": 4}')
    for wanted in ("--remove", "--purge"):
        told = root.dpkg(wanted, "card-terminal")
        assert (told.returncode, "3 entries wait for the centre" in told.stderr) == (1, True), told.stderr
        assert root.stands().endswith(" ok installed")
        assert (settings.read_text(), root.version()) == (FILLED, newer), "nothing was removed"
    (state / "told").write_text('{"entries": 7, "delivered_through": 7}')
    told = root.dpkg("--remove", "card-terminal")
    assert told.returncode == 0, told.stdout + told.stderr
    assert (root.stands(), (root / "opt/card-terminal").exists()) == ("deinstall ok config-files", False)
    assert (settings.read_text(), [path for path in only_here if path.exists()]) == (FILLED, only_here)

    # Whoever comes with a bundle meanwhile takes over, and the package no longer has a say.
    root.lay(first, tmp_path / "laid")
    told = root.run("--offline", packages["bundle"])
    assert told.returncode == 0, told.stderr
    told = root.dpkg("--purge", "card-terminal")
    assert told.returncode == 0, told.stdout + told.stderr
    assert settings.exists(), "a purge has taken another's settings"
    assert (root.stands(), settings.read_text(), root.version()) == ("", FILLED, first)
    told = root.dpkg("--install", packages["first"])
    assert told.returncode == 0, told.stdout + told.stderr
    assert settings.read_text() == FILLED
    told = root.dpkg("--purge", "card-terminal")
    assert told.returncode == 0, told.stdout + told.stderr
    assert [path for path in (*only_here, settings) if path.exists()] == only_here, "keys and ledger stay"
    assert not (root / "etc/udev/rules.d/71-card-terminal-devices.rules").exists()


def test_another_debian_is_refused_before_anything_is_unpacked(root: PackageRoot, packages: Mapping[str, Path]) -> None:
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="13"\n')
    told = root.dpkg("--install", packages["first"])
    assert (told.returncode, "this needs Debian 12, and finds debian 13" in told.stderr) == (1, True), told.stderr
    assert root.stands() in {"", "install ok not-installed"}
    assert not (root / "usr/share/card-terminal").exists()
