"""Where commands find packs and models: as told, as the terminal has them, or in a working tree."""

import json
from pathlib import Path

import pytest

from kiosk.command_line import places
from kiosk.configuration import ConfigurationError
from tests.commands import kiosk

REPOSITORY = Path(__file__).parents[2]
PACKS = REPOSITORY / "config" / "regions"


def installed(folder: Path) -> Path:
    """A terminal's ``kiosk.toml``, whose packs lie in this folder's own place."""
    text = (REPOSITORY / "deploy" / "kiosk.toml").read_text("utf-8")
    for there, here in (("config/regions", folder / "packs"), ("assets", REPOSITORY / "assets")):
        text = text.replace(f'"/opt/card-terminal/{there}"', json.dumps(str(here)))
    (folder / "packs").mkdir()
    (folder / "packs" / "guizhou.toml").write_bytes((PACKS / "guizhou.toml").read_bytes())
    file = folder / "kiosk.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_installed_terminals_packs_are_found_from_anywhere(tmp_path: Path) -> None:
    file = installed(tmp_path)
    checked = kiosk("region", "check", "--config", file, cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "1 packs, 0 faults\n")
    shown = kiosk("region", "show", "guizhou", "--config", file, cwd=tmp_path)
    assert shown.returncode == 0
    assert "guizhou" in kiosk("region", "matrix", "--config", file, cwd=tmp_path).stdout
    told = kiosk("region", "check", "--config", file, "--regions", PACKS, cwd=tmp_path)
    assert told.stderr == "5 packs, 0 faults\n"


def test_an_installed_terminals_models_are_found_from_anywhere(tmp_path: Path) -> None:
    file = installed(tmp_path)
    (tmp_path / "picture.jpg").write_bytes(b"no picture")
    words = ("photo", "check", "--region", "guizhou", "picture.jpg")
    without = kiosk(*words, cwd=tmp_path)
    assert without.returncode != 12, "nothing is found where nothing was told"
    found = kiosk(*words, "--config", file, cwd=tmp_path)
    assert found.returncode == 12, found.stderr
    assert "Traceback" not in found.stderr


def test_without_being_told_the_installed_terminal_comes_before_the_tree(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.toml"
    assert places.regions(None, None, nowhere) == places.TREE_REGIONS
    assert places.models(None, None, nowhere) == places.TREE_MODELS
    file = installed(tmp_path)
    assert places.regions(None, None, file) == tmp_path / "packs"
    assert places.models(None, None, file) == REPOSITORY / "assets" / "models"
    assert places.models(tmp_path, None, file) == tmp_path
    with pytest.raises(ConfigurationError):
        places.regions(None, nowhere, file)
