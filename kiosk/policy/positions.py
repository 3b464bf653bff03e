"""In which line of a TOML text each of its keys stands. The standard library's parser forgets it."""

import tomllib
from typing import Final

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Where = tuple[str | int, ...]
"""A place in a document: keys, and positions in lists."""

_TOML: Final = Language(tree_sitter_toml.language())


class Positions:
    """Lines of a text that is valid TOML."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Where, int] = {(): 1}
        self._elements: dict[Where, int] = {}
        table: Where = ()
        for node in Parser(_TOML).parse(text.encode()).root_node.named_children:
            match node.type:
                case "table":
                    table = self._below(_keys(node.named_children[0]))
                    self._note(table, node)
                    self._pairs(node, table)
                case "table_array_element":
                    name = self._below(_keys(node.named_children[0]))
                    self._note(name, node)
                    number = self._elements.get(name, -1) + 1
                    self._elements[name] = number
                    self._note((*name, number), node)
                    self._pairs(node, (*name, number))
                case "pair":
                    self._pair(node, ())

    def line(self, where: Where) -> int:
        """The line of a place, from 1; for what is missing there, the line of the table that lacks it."""
        while where not in self._lines:
            where = where[:-1]
        return self._lines[where]

    def _below(self, keys: Where) -> Where:
        """``[sources.x]`` after ``[[sources]]`` speaks of the last element."""
        where: Where = ()
        for key in keys[:-1]:
            where = (*where, key)
            if where in self._elements:
                where = (*where, self._elements[where])
        return (*where, keys[-1])

    def _note(self, where: Where, node: Node) -> None:
        for length in range(1, len(where) + 1):
            self._lines.setdefault(where[:length], node.start_point.row + 1)

    def _pairs(self, node: Node, prefix: Where) -> None:
        for child in node.named_children:
            if child.type == "pair":
                self._pair(child, prefix)

    def _pair(self, node: Node, prefix: Where) -> None:
        where = (*prefix, *_keys(node.named_children[0]))
        self._note(where, node)
        self._value(node.named_children[-1], where)

    def _value(self, node: Node, where: Where) -> None:
        if node.type == "inline_table":
            self._pairs(node, where)
        elif node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for number, item in enumerate(items):
                self._note((*where, number), item)
                self._value(item, (*where, number))


def _keys(node: Node) -> Where:
    """The keys of ``a."b c".d``; quoted ones are read by TOML's own rules."""
    if node.type == "dotted_key":
        return tuple(key for child in node.named_children for key in _keys(child))
    text = (node.text or b"").decode()
    return (next(iter(tomllib.loads(f"{text} = 0"))),)
