"""Loudspeakers behind ALSA."""

from drivers.sounder.alsa import AlsaSounder

__all__ = ["AlsaSounder"]
