"""A picture of the new card for the person to look at, held until it is wiped. Neither Pillow nor a font is loaded."""

from typing import NoReturn


class FaceProof:
    """The card's face as PNG, once with name and numbers masked and once whole.

    Nothing tells what it shows; copying and pickling are refused.
    """

    __slots__ = ("_masked", "_whole")

    def __init__(self, masked: bytes, whole: bytes) -> None:
        self._masked = bytearray(masked)
        self._whole = bytearray(whole)

    @property
    def masked(self) -> memoryview:
        """For whoever draws it by default; nothing but zeros when wiped. Not to be kept."""
        return memoryview(self._masked).toreadonly()

    @property
    def whole(self) -> memoryview:
        """The same as it will be printed, for as long as the person wants to see it."""
        return memoryview(self._whole).toreadonly()

    def wipe(self) -> None:
        """Overwrite both. Harmless when they were."""
        for picture in (self._masked, self._whole):
            picture[:] = bytes(len(picture))

    @property
    def wiped(self) -> bool:
        """Whether nothing is left of it."""
        return not any(self._masked) and not any(self._whole)

    def __repr__(self) -> str:
        return "<FaceProof>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a card's face is not copied")
