"""The pictures of ``assets/pictures``, loaded once each."""

from pathlib import Path
from typing import Final

from kivy.core.image import Image as CoreImage
from kivy.graphics.texture import Texture

LAYERS: Final = ("fill", "line", "accent")
"""From back to front."""


class PictureBook:
    """Layers of pictures by name, as textures."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._loaded: dict[str, dict[str, Texture]] = {}

    def layers(self, name: str) -> dict[str, Texture]:
        """Textures of a picture by layer.

        :raises FileNotFoundError: there is no such picture.
        """
        if name not in self._loaded:
            files = {layer: self._directory / f"{name}.{layer}.png" for layer in LAYERS}
            layers = {
                layer: CoreImage(str(file), mipmap=True).texture for layer, file in files.items() if file.is_file()
            }
            if not layers:
                raise FileNotFoundError(f"{self._directory} holds no picture named {name}")
            self._loaded[name] = layers
        return self._loaded[name]
