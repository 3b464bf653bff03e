"""A V4L2 camera for a process of its own: Linux' ioctls, answered by a library that it loads first.

It shows what OpenCV's V4L2 backend does with a camera's answers. It does not show that a real driver answers so.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from simulators.camera.film import Film

SOURCE: Final = Path(__file__).with_name("v4l2_preload.c")


class PreloadedCamera:
    """A camera at a file's path, for every process that is started with :attr:`environment`."""

    def __init__(self, folder: Path, film: Film, *, width: int = 1280, height: int = 720) -> None:
        """
        :param folder: empty; the camera lives in it.
        :param width: with ``height`` the size that it delivers when it is asked to; as webcams do, it begins with
            uncompressed pictures of 640 × 480.
        :raises subprocess.CalledProcessError: the library does not compile.
        """
        library, self._desk = folder / "preload.so", folder / "desk"
        subprocess.run(
            ["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True
        )
        self._desk.mkdir()
        self.node: Final = folder / "usb-Preloaded_Camera-video-index0"
        """What the terminal opens."""
        self.environment: Final[Mapping[str, str]] = {
            "LD_PRELOAD": str(library),
            "CAMERA_NODE": str(self.node),
            "CAMERA_DESK": str(self._desk),
        }
        for number, picture in enumerate(film.developed(width, height)):
            (self._desk / f"film-{number}").write_bytes(picture)
        self.be("formats", "YUYV MJPG")
        self.be("sizes", f"640x480 {width}x{height}")
        self.plug()

    def be(self, what: str, value: str) -> None:
        """Change what it is: ``formats``, ``sizes``, ``caps`` or ``state``; see the library's first lines."""
        fresh = self._desk / f".{what}"
        fresh.write_text(value, encoding="ascii")
        fresh.replace(self._desk / what)

    def plug(self) -> None:
        """Its name appears."""
        self.node.touch()

    def unplug_name(self) -> None:
        """Its name goes; whoever has it open reads on, as OpenCV may do after an unplug."""
        self.node.unlink()

    def process_environment(self) -> dict[str, str]:
        """This process's environment, with the camera in it."""
        return {**os.environ, **self.environment}
