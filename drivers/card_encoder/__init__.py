"""The contact station of a card printer on PC/SC."""

from drivers.card_encoder.encoder import PcscCardEncoder

__all__ = ["PcscCardEncoder"]
