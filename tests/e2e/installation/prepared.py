"""What the trials install: a bundle, others made of it, the same as Debian packages, and a bare root to put them in."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.e2e.installation.machine import ROOT, debootstrap

BUILD: Final = ROOT / "build" / "install"


def bundle_tool() -> ModuleType:
    """deploy/build_bundle.py, which is a script."""
    found = importlib.util.spec_from_file_location("build_bundle", ROOT / "deploy" / "build_bundle.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def variant(tool: ModuleType, archive: Path, output: Path, alter: Callable[[Path], None]) -> Path:
    """The same bundle with something else in it, and sums that fit."""
    stage = output / "stage"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    subprocess.run(["tar", "-xf", archive, "-C", output], check=True)
    (output / tool.TOP).rename(stage)
    alter(stage)
    made: Path = tool.finish(stage, output, key=None)
    shutil.rmtree(stage)
    return made


def newer(stage: Path) -> None:
    """A version that differs in a remark only."""
    pattern = stage / "config" / "kiosk.toml"
    pattern.write_text(pattern.read_text("utf-8") + "\n# newer\n", "utf-8")


def broken(stage: Path) -> None:
    """A version that can be installed and does not start: its font is gone."""
    (stage / "assets" / "fonts" / "interface.otf").unlink()


OTHERS: Final[Mapping[str, Callable[[Path], None]]] = {"newer": newer, "broken": broken}
"""Later versions, in the order of their age."""


def without_debs(stage: Path) -> None:
    """What a package wraps: Debian's packages are apt's to bring."""
    shutil.rmtree(stage / "debs")
    described = stage / "bundle.conf"
    described.write_text(described.read_text("utf-8").replace("debs=yes", "debs=no"), "utf-8")


BREAKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "ledger-purged": ("postrm", "    rm -rf /etc/kiosk\n", "    rm -rf /etc/kiosk /var/lib/card-terminal\n"),
    "queue-left-behind": (
        "prerm",
        "card-terminal-install --remove\n",
        "card-terminal-install --remove --leave-queue\n",
    ),
    "settings-overwritten": (
        "postinst",
        "bundle.tar\n",
        "bundle.tar\n    cp /opt/card-terminal/config/kiosk.toml /etc/kiosk/kiosk.toml\n",
    ),
    "dependency-missing": ("control", ", xauth", ""),
}
"""Packages that somebody built wrongly: in which file, what stands there, and what stands there then."""


def package(bundle: Path, output: Path, later_s: int, wrong: str | None = None) -> Path:
    """A bundle as a Debian package.

    :param later_s: so much younger than these sources; the order of packages is that of their times.
    :param wrong: one of :data:`BREAKS`.
    """
    shutil.rmtree(output, ignore_errors=True)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(bundle_tool().epoch() + later_s)}
    subprocess.run([ROOT / "deploy" / "build_deb.sh", bundle, output], cwd=ROOT, check=True, env=environment)
    (made,) = output.glob("*.deb")
    if wrong is not None:
        name, old, new = BREAKS[wrong]
        stage = output / "stage"
        subprocess.run(["dpkg-deb", "--raw-extract", made, stage], check=True)
        text = (stage / "DEBIAN" / name).read_text("utf-8")
        assert len(re.findall(re.escape(old), text)) == 1, f"{name} has no {old}"
        (stage / "DEBIAN" / name).write_text(text.replace(old, new), "utf-8")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", stage, made], check=True)
        shutil.rmtree(stage)
    return made


def luggage(way: str, bundle: Path, wrong: str | None = None) -> dict[str, Path]:
    """What a technician brings along, by the name that it has in ``/root``.

    :param way: one of ``bundle``, ``deb`` and ``screen``.
    :param bundle: one with Debian's packages in it.
    :param wrong: one of :data:`BREAKS`, for the packages.
    """
    tool = bundle_tool()
    made = {"bundle.tar": bundle}
    if way == "screen":
        return made
    if way == "bundle":
        return made | {f"{name}.tar": variant(tool, bundle, BUILD / name, alter) for name, alter in OTHERS.items()}
    bare = variant(tool, bundle, BUILD / "wrapped", without_debs)
    for later_s, name in enumerate(("first", *OTHERS)):
        wrapped = variant(tool, bare, BUILD / f"wrapped-{name}", OTHERS[name]) if name in OTHERS else bare
        made[f"{name}.deb"] = package(wrapped, BUILD / f"package-{name}", later_s, wrong)
    return made


def lay_mirror(bundle: Path, root: Path) -> None:
    """Have a root's apt take Debian's packages, and no others, from a folder of its own: those of a bundle."""
    folder = root / "srv" / "debian"
    folder.mkdir(parents=True)
    inside = f"{bundle_tool().TOP}/debs"
    subprocess.run(["tar", "-xf", bundle, "-C", folder, "--strip-components=2", inside], check=True)
    (root / "etc" / "apt" / "sources.list").write_text("deb [trusted=yes] file:/srv/debian ./\n")


def built(given: Path | None) -> Path:
    """The bundle that is tried, with Debian's packages in it; built unless one is given."""
    if given is not None:
        return given
    subprocess.run(
        [sys.executable, ROOT / "deploy" / "build_bundle.py", "--debs", "--output", BUILD / "bundle"], check=True
    )
    return next((BUILD / "bundle").glob("*.tar"))


def bare_root() -> Path:
    """A bare Debian; made once."""
    debootstrap(BUILD / "base", BUILD / "debootstrap.log")
    return BUILD / "base"


def devices() -> Path:
    """Debian's packages of the trial's own display and reader, as apt finds them; fetched once."""
    folder = BUILD / "extra"
    if not (folder / "Packages").exists():
        shutil.rmtree(folder, ignore_errors=True)
        bundle_tool().fetch_debs(folder, ["xvfb", "vsmartcard-vpcd"])
    return folder
