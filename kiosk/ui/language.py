"""Sayings turned into sentences of one language."""

import gettext
from pathlib import Path
from typing import Final

from kiosk.journeys.wording import Personal, PersonName, Say, Value, Verbatim

SOURCE: Final = "zh"
"""The language of the message ids."""
OWN_NAMES: Final = {"zh": "中文", "en": "English"}
"""What each language calls itself: a citizen must find theirs without reading another."""


class CatalogueMissing(Exception):
    """A language has no compiled catalogue."""


class Language:
    """One language of the screens."""

    def __init__(self, code: str, catalogue: gettext.NullTranslations) -> None:
        self.code = code
        self._catalogue = catalogue

    def text(self, value: Value) -> str:
        """What stands on the screen. Personal data comes out masked."""
        match value:
            case Say():
                pattern = value.translations.get(self.code) or self._catalogue.gettext(value.text)
                return pattern.format_map({name: self.text(gap) for name, gap in value.values.items()})
            case Verbatim():
                return value.text
            case Personal() | PersonName():
                return value.masked
            case _:
                return str(value)


def load_languages(directory: Path) -> dict[str, Language]:
    """Chinese and every language that has a folder under ``directory``, by code, Chinese first.

    :raises CatalogueMissing: a folder holds no compiled catalogue.
    """
    languages = {SOURCE: Language(SOURCE, gettext.NullTranslations())}
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        catalogue = folder / "LC_MESSAGES" / "kiosk.mo"
        if not catalogue.is_file():
            raise CatalogueMissing(f"{catalogue} is missing; make it with: python deploy/translations.py compile")
        with catalogue.open("rb") as file:
            languages[folder.name] = Language(folder.name, gettext.GNUTranslations(file))
    return languages
