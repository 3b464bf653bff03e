"""``kiosk.toml`` shown, compared and changed; comments stay, and nothing wrong is ever written."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import tomlkit
from tomlkit.items import Table

from kiosk.configuration import Configuration, ConfigurationError, load_configuration

BEFORE: Final = ".before"
"""Added to the name of the file as it was before the last change."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key as it holds."""

    key: str
    """``display.width``."""
    value: str
    """As TOML writes it."""
    is_default: bool
    """The file does not name it."""


def settings(file: Path) -> tuple[Setting, ...]:
    """Every key that holds, those that the file leaves out with their default.

    :raises ConfigurationError: the file is wrong.
    """
    configuration = load_configuration(file)
    written = tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()
    found: list[Setting] = []
    for section in configuration.__struct_fields__:
        holds = getattr(configuration, section)
        if holds is None:
            continue
        for key in holds.__struct_fields__:
            named = key in written.get(section, {})
            value = written[section][key] if named else getattr(holds, key)
            if value is not None:
                found.append(Setting(f"{section}.{key}", _as_toml(value), not named))
    return tuple(found)


def differences(file: Path, other: Path) -> tuple[tuple[str, str | None, str | None], ...]:
    """Keys that do not hold alike: the key, its value in ``file``, its value in ``other``; None where it is left out.

    :raises ConfigurationError: one of them is wrong.
    """
    ours, theirs = ({one.key: one.value for one in settings(path)} for path in (file, other))
    return tuple(
        (key, ours.get(key), theirs.get(key)) for key in sorted({*ours, *theirs}) if ours.get(key) != theirs.get(key)
    )


def set_value(file: Path, key: str, value: str) -> None:
    """Change one key, durably and as a whole; the file as it was stays beside it.

    :param key: ``section.key``.
    :param value: as TOML writes it; what is no TOML is taken for text.
    :raises ConfigurationError: the result would be wrong, and nothing was written.
    :raises OSError: it can't be written, and nothing was.
    """
    set_values(file, {key: _value(value)})


def set_values(file: Path, values: Mapping[str, Any]) -> None:
    """Change several keys at once, in one step that is done wholly or not at all.

    :param values: by ``section.key``, as Python has them.
    :raises ConfigurationError: the result would be wrong, and nothing was written.
    :raises OSError: it can't be written, and nothing was.
    """
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for key, value in values.items():
        section, _, name = key.partition(".")
        if section not in Configuration.__struct_fields__ or not name or "." in name:
            allowed = ", ".join(Configuration.__struct_fields__)
            raise ConfigurationError(f"{key}: wanted is section.key; sections: {allowed}")
        if section not in document:
            document[section] = tomlkit.table()
        table = document[section]
        if not isinstance(table, Table):
            raise ConfigurationError(f"{file}: {section} is no table")
        table[name] = value
    _replace(file, tomlkit.dumps(document))


def _give_to_its_owner(file: Path, fresh: Path) -> None:
    """Where root changes what the terminal's group reads, it reads it afterwards as well."""
    owner = file.stat()
    if os.geteuid() == 0:
        os.chown(fresh, owner.st_uid, owner.st_gid)


def _replace(file: Path, text: str) -> None:
    fresh = file.with_name(f"{file.name}.fresh")
    try:
        with fresh.open("w", encoding="utf-8") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        shutil.copymode(file, fresh)
        _give_to_its_owner(file, fresh)
        try:
            load_configuration(fresh)
        except ConfigurationError as error:
            raise ConfigurationError(*(fault.replace(str(fresh), str(file)) for fault in error.faults)) from error
        shutil.copy2(file, file.with_name(file.name + BEFORE))
        fresh.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        fresh.unlink(missing_ok=True)


def _value(text: str) -> Any:
    try:
        return tomlkit.parse(f"value = {text}")["value"]
    except tomlkit.exceptions.TOMLKitError:
        return text


def _as_toml(value: object) -> str:
    plain = value.value if hasattr(value, "value") else str(value) if isinstance(value, Path) else value
    if isinstance(plain, Mapping | msgspec.Struct):
        return str(plain)
    return tomlkit.item(plain).as_string()
