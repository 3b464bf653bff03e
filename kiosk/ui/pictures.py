"""The pictures of ``assets/pictures`` as textures."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kivy.core.image import Image as CoreImage
from kivy.graphics.texture import Texture

_ORDER: Final = ("fill", "line", "accent")
"""From back to front."""
_ICON: Final = 256
"""Pixels; what is wider is an illustration."""
_KEPT: Final = 4
"""Illustrations that stay loaded, at some 8 MB each: those of one service."""


@dataclass(frozen=True, slots=True)
class Layer:
    """What is drawn in one colour, and where its lower left corner lies."""

    name: str
    texture: Texture
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class LoadedPicture:
    """A picture's sheet in pixels, and its layers from back to front."""

    width: int
    height: int
    layers: tuple[Layer, ...]


class PictureBook:
    """Pictures by name. Icons stay loaded; of the illustrations, those last seen."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._index = json.loads((directory / "index.json").read_bytes())
        self._icons: dict[str, LoadedPicture] = {}
        self._illustrations: OrderedDict[str, LoadedPicture] = OrderedDict()

    def picture(self, name: str) -> LoadedPicture:
        """A picture, loaded if it is not.

        :raises KeyError: there is no such picture.
        """
        if name in self._icons:
            return self._icons[name]
        picture = self._illustrations.pop(name, None) or self._load(name)
        if picture.width <= _ICON:
            self._icons[name] = picture
        else:
            self._illustrations[name] = picture
            while len(self._illustrations) > _KEPT:
                self._illustrations.popitem(last=False)
        return picture

    def _load(self, name: str) -> LoadedPicture:
        entry = self._index[name]
        width, height = entry["size"]
        small = width <= _ICON  # drawn at a quarter of its size and less, it wants mipmaps
        layers = [
            Layer(
                layer,
                CoreImage(str(self._directory / f"{name}.{layer}.png"), nocache=True, mipmap=small).texture,
                *entry["layers"][layer],
            )
            for layer in _ORDER
            if layer in entry["layers"]
        ]
        return LoadedPicture(width, height, tuple(layers))
