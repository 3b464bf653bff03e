"""A card as it will be, held until it is wiped. Neither Pillow nor a font is loaded."""

from typing import NoReturn

from kiosk.card_face.proof import FaceProof


class CardFace:
    """What a printer prints, until it is wiped. Nothing tells what it shows; copying and pickling are refused."""

    __slots__ = ("_colour", "_resin")

    def __init__(self, colour: bytes, resin: bytes) -> None:
        self._colour = bytearray(colour)
        self._resin = bytearray(resin)

    @property
    def colour(self) -> memoryview:
        """1016 × 648 dots of three bytes, RGB, row by row from the top; without the resin's ink."""
        return memoryview(self._colour).toreadonly()

    @property
    def resin(self) -> memoryview:
        """The same dots, eight a byte, the leftmost in the highest bit; 1 is ink. 127 bytes a row."""
        return memoryview(self._resin).toreadonly()

    def wipe(self) -> None:
        """Overwrite both. Harmless when they were."""
        for plane in (self._colour, self._resin):
            plane[:] = bytes(len(plane))

    @property
    def wiped(self) -> bool:
        """Whether nothing is left of it: no face is all black."""
        return not any(self._colour)

    def __repr__(self) -> str:
        return "<CardFace>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a card's face is not copied")


class PaintedCard:
    """Face, proof and the chip's portrait of one new card. Nothing tells what they show; copying is refused."""

    __slots__ = ("_chip_portrait", "face", "proof")

    def __init__(self, face: CardFace, proof: FaceProof, chip_portrait: bytes) -> None:
        """:param chip_portrait: JPEG, 102 × 126, at most 4096 bytes."""
        self.face = face
        self.proof = proof
        self._chip_portrait = bytearray(chip_portrait)

    @property
    def chip_portrait(self) -> memoryview:
        """What the chip's EF08 gets; nothing but zeros when wiped. Not to be kept."""
        return memoryview(self._chip_portrait).toreadonly()

    def wipe(self) -> None:
        """Overwrite all of it. Harmless when it was."""
        self.face.wipe()
        self.proof.wipe()
        self._chip_portrait[:] = bytes(len(self._chip_portrait))

    @property
    def wiped(self) -> bool:
        """Whether nothing is left of it."""
        return self.face.wiped and self.proof.wiped and not any(self._chip_portrait)

    def __repr__(self) -> str:
        return "<PaintedCard>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a painted card is not copied")
