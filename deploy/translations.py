#!/usr/bin/env python3
"""Message catalogues: ``extract`` what the code says, ``compile`` for the terminal, ``check`` that nothing is missing.

Message ids are the Chinese sentences given to ``say()``. ``extract`` adds new ones to each language's catalogue with an
empty translation and drops those that the code no longer says; translating them is a person's work.
"""

import argparse
import ast
import string
import sys
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
KEYWORD: Final = "say"


def catalogues(translations: Path) -> dict[str, Path]:
    """The ``.po`` file of each language."""
    return {path.parent.parent.name: path for path in sorted(translations.glob("*/LC_MESSAGES/kiosk.po"))}


def said(code: Path) -> Catalog:
    """Every sentence that the code says, with the places where it does."""
    catalogue = Catalog(domain="kiosk", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        code, method_map=[("**.py", "python"), ("**.kv", "ignore")], keywords={KEYWORD: None}, comment_tags=()
    )
    for name, _line, message, _comments, _context in sorted(found, key=lambda entry: (entry[0], entry[1])):
        place = str((code / name).relative_to(code.parent))
        catalogue.add(message, locations=[(place, 0)])
    return catalogue


def read(path: Path) -> Catalog:
    """One language's catalogue."""
    with path.open("rb") as file:
        return read_po(file)


def gaps(text: str) -> set[str]:
    """Names of the ``{gaps}`` of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def unsayable(code: Path) -> list[str]:
    """Calls of ``say`` whose sentence is not written out, so that no catalogue can hold it."""
    return [
        f"{path}:{node.lineno}: say() wants the sentence itself"
        for path in sorted(code.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == KEYWORD
        and not (node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str))
    ]


def faults(code: Path, translations: Path) -> list[str]:
    """What is wrong with the catalogues; empty when all is well."""
    wrong = unsayable(code)
    wanted = {str(message.id) for message in said(code) if message.id}
    for language, path in catalogues(translations).items():
        translated = {str(message.id): str(message.string) for message in read(path) if message.id}
        wrong += [f"{language}: not translated: {text}" for text in sorted(wanted) if not translated.get(text)]
        wrong += [f"{language}: nobody says: {text}" for text in sorted(set(translated) - wanted)]
        wrong += [
            f"{language}: gaps differ: {text} / {translation}"
            for text, translation in sorted(translated.items())
            if translation and gaps(text) != gaps(translation)
        ]
    return wrong


def extract(code: Path, translations: Path) -> None:
    """Bring every catalogue up to what the code says, keeping the translations."""
    template = said(code)
    for path in catalogues(translations).values():
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, no_location=True, omit_header=False, sort_output=False)


def compile_all(translations: Path) -> None:
    """Write the ``.mo`` beside each ``.po``."""
    for path in catalogues(translations).values():
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path))


def main() -> int:
    """Run one of the three commands on this repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["extract", "compile", "check"])
    command = parser.parse_args().command
    code, translations = ROOT / "kiosk", ROOT / "assets" / "translations"
    if command == "extract":
        extract(code, translations)
    elif command == "compile":
        compile_all(translations)
    else:
        wrong = faults(code, translations)
        print("\n".join(wrong) or "translations: complete")
        return bool(wrong)
    return 0


if __name__ == "__main__":
    sys.exit(main())
