"""Everything about how a screen is drawn, apart from what stands on it."""

from dataclasses import dataclass

from kiosk.journeys.wording import Value
from kiosk.ui.language import Language
from kiosk.ui.name_input import NameTables
from kiosk.ui.pictures import PictureBook
from kiosk.ui.settings import Preferences
from kiosk.ui.taps import TapGate
from kiosk.ui.theme import CONTRAST, DAY, LARGE, NORMAL, Palette, Shape, TypeSizes
from kiosk.ui.typeface import Typeface


@dataclass(frozen=True, slots=True)
class Look:
    """One citizen's preferences, resolved. Widgets get it with their making and never change it."""

    shape: Shape
    preferences: Preferences
    sizes: TypeSizes
    palette: Palette
    language: Language
    next_language: Language
    """What the language button leads to."""
    typeface: Typeface
    pictures: PictureBook
    name_tables: NameTables
    taps: TapGate

    @property
    def portrait(self) -> bool:
        """Whether the screen stands upright."""
        return self.shape is Shape.PORTRAIT

    @property
    def low(self) -> bool:
        """Whether everything sits at the bottom. A landscape screen is within reach as it is."""
        return self.portrait and self.preferences.low

    def words(self, value: Value) -> str:
        """``value`` in the citizen's language."""
        return self.language.text(value)

    def size(self, role: str) -> int:
        """Font size in pixels of a role of :class:`~kiosk.ui.theme.TypeSizes`."""
        size: int = getattr(self.sizes, role)
        return size

    def colour(self, job: str) -> str:
        """Colour of a job of :class:`~kiosk.ui.theme.Palette`."""
        colour: str = getattr(self.palette, job)
        return colour


def look_for(
    preferences: Preferences,
    shape: Shape,
    languages: dict[str, Language],
    typeface: Typeface,
    pictures: PictureBook,
    name_tables: NameTables,
    taps: TapGate,
    *,
    allow_large: bool = True,
) -> Look:
    """The look that ``preferences`` ask for."""
    codes = list(languages)
    following = codes[(codes.index(preferences.language) + 1) % len(codes)]
    return Look(
        shape=shape,
        preferences=preferences,
        sizes=LARGE if preferences.large and allow_large else NORMAL,
        palette=CONTRAST if preferences.high_contrast else DAY,
        language=languages[preferences.language],
        next_language=languages[following],
        typeface=typeface,
        pictures=pictures,
        name_tables=name_tables,
        taps=taps,
    )
