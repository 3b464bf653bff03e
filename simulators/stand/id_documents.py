"""The citizens' identity cards that lie on the stand, with what a visitor should know of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.id_reader.documents import DocumentFile, load_document
from simulators.stand.terminals import DemoTerminal


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """One identity card on the stand."""

    key: str
    file: DocumentFile

    def picture(self, region: str, terminals: Mapping[str, DemoTerminal]) -> dict[str, Any]:
        """What the bench shows of it.

        :param region: the terminal that stands there, so that those of elsewhere are seen to be so.
        """
        home = terminals.get(self.file.region)
        return {
            "key": self.key,
            "title": f"{home.zh} · {self.file.title}" if home is not None else self.file.title,
            "title_en": self.file.title_en,
            "about_en": self.file.about,
            "here": self.file.region == region,
        }


def documents_at_hand(folder: Path) -> list[DemoDocument]:
    """Every document of a folder, by region."""
    found = [DemoDocument(path.stem, load_document(path.stem, folder)) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda one: (one.file.region, one.key))
