"""Cameras through OpenCV, at a USB port or on the network: docs/wire-camera.md."""

from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.sources import source_of

__all__ = ["OpenCvCamera", "source_of"]
