"""A camera that needs no hardware: docs/wire-camera.md."""

from simulators.camera.faults import StreamFault
from simulators.camera.film import Film
from simulators.camera.scenes import SCENES, Scene
from simulators.camera.simulator import CameraSimulator

__all__ = ["SCENES", "CameraSimulator", "Film", "Scene", "StreamFault"]
