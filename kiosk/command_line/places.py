"""Where a command finds packs and models: where it is told, where the terminal has them, or in a working tree."""

import argparse
from pathlib import Path
from typing import Final

from kiosk.configuration import load_configuration

TREE_REGIONS: Final = Path("config/regions")
TREE_MODELS: Final = Path("assets/models")


def add_configuration(command: argparse.ArgumentParser, default: Path) -> None:
    """Let a command be told which terminal's files it is about."""
    told = f"the terminal whose files are taken (default {default}, where there is one)"
    command.add_argument("--config", type=Path, default=None, metavar="FILE", help=told)


def regions(told: Path | None, config: Path | None, default: Path) -> Path:
    """The folder of the packs.

    :param told: by ``--regions``.
    :param config: by ``--config``; None: the installed terminal's file, and a working tree where there is none.
    :param default: the installed terminal's ``kiosk.toml``.
    :raises ConfigurationError: what stands there is wrong, or what was named is not there.
    """
    if told is not None:
        return told
    file = _file(config, default)
    return TREE_REGIONS if file is None else load_configuration(file).paths.regions


def models(told: Path | None, config: Path | None, default: Path) -> Path:
    """The folder of the models that faces are measured with; see :func:`regions`.

    :raises ConfigurationError: see there.
    """
    if told is not None:
        return told
    file = _file(config, default)
    return TREE_MODELS if file is None else load_configuration(file).paths.assets / "models"


def _file(config: Path | None, default: Path) -> Path | None:
    if config is not None:
        return config
    return default if default.is_file() else None
