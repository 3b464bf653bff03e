"""The one place that changes what stands in the window."""

import dataclasses
from collections.abc import Callable

from kivy.core.window import Window
from kivy.input import MotionEvent

from kiosk.journeys.views import Posted, Scene, View
from kiosk.journeys.wording import Say
from kiosk.runtime.viewfinder import Glance
from kiosk.ui.fonts import FontBook
from kiosk.ui.language import load_languages
from kiosk.ui.look import Look, look_for
from kiosk.ui.name_input import NameTables
from kiosk.ui.pictures import PictureBook
from kiosk.ui.screens.registry import HelpOverlay, StillThereOverlay, load_kv, screen_for
from kiosk.ui.settings import DisplaySettings, Preferences
from kiosk.ui.stage import Stage
from kiosk.ui.taps import TapGate
from kiosk.ui.theme import rgba
from kiosk.ui.typeface import Typeface
from kiosk.ui.widgets.entry import Draft, EntryScreen, same_question
from kiosk.ui.widgets.overlay import Overlay
from kiosk.ui.widgets.screen import Desk, Screen, Tools
from kiosk.ui.widgets.technician import TechnicianScreen


class Router:
    """Holds the screen, and the panels over it."""

    def __init__(
        self,
        settings: DisplaySettings,
        *,
        on_intent: Callable[[Posted], None],
        on_activity: Callable[[Preferences], None],
        look_through: Callable[[], Glance | None],
    ) -> None:
        self._defaults = Preferences(language=settings.language)
        self.preferences = self._defaults
        self._on_intent = on_intent
        self._on_activity = on_activity
        self._look_through = look_through
        self._languages = load_languages(settings.assets / "translations")
        width, height = Window.size
        self.stage = Stage(width, height)
        fonts = FontBook(settings.fonts)
        self._typeface = Typeface(fonts, mipmap=self.stage.scale != 1)
        self._name_tables = NameTables(settings.assets / "input", fonts.draws)
        self._pictures = PictureBook(settings.assets / "pictures")
        self._taps = TapGate()
        self._tools = Tools(
            larger=lambda: self._prefer(large=not self.preferences.large),
            contrast=lambda: self._prefer(high_contrast=not self.preferences.high_contrast),
            lower=lambda: self._prefer(low=not self.preferences.low),
            help=self._open_help,
            language=lambda: self._prefer(language=self._look().next_language.code),
        )
        self._scene: Scene | None = None
        self.screen: Screen | None = None
        self.help: Overlay | None = None
        self.still_there: StillThereOverlay | None = None
        load_kv()
        Window.bind(on_request_close=lambda *_, **__: True, on_touch_down=self._touched)
        Window.clearcolor = rgba(self._look().colour("ground"))

    def show(self, scene: Scene) -> None:
        """Draw what of ``scene`` is new."""
        old, self._scene = self._scene, scene
        if scene == old:
            return
        kept = (
            old is not None
            and self.screen is not None
            and (old.region_name, old.hotline, old.terminal) == (scene.region_name, scene.hotline, scene.terminal)
            and (old.view == scene.view or self.screen.take(scene.view))
        )
        if not kept:
            self._close_help()
            self._draw_screen(scene)
        self._draw_still_there(scene)

    def reset_preferences(self) -> None:
        """Back to the defaults."""
        self._close_help()
        if self.preferences != self._defaults:
            self.preferences = self._defaults
            self._redraw()

    def words(self, sentence: Say) -> str:
        """A sentence in the present language."""
        return self._languages[self.preferences.language].text(sentence)

    def _look(self, *, allow_large: bool = True) -> Look:
        return look_for(
            self.preferences,
            self.stage.shape,
            self._languages,
            self._typeface,
            self._pictures,
            self._name_tables,
            self._taps,
            allow_large=allow_large,
        )

    def _desk(self, scene: Scene, *, allow_large: bool = True) -> Desk:
        look = self._look(allow_large=allow_large)
        return Desk(
            look,
            scene.region_name,
            scene.hotline,
            self._on_intent,
            self._tools,
            self._look_through,
            scene.terminal,
        )

    def _draw_screen(self, scene: Scene) -> None:
        draft = self._draft_for(scene.view)
        screen = screen_for(self._desk(scene), scene.view, draft)
        if screen.overflow and self.preferences.large:
            # Better smaller than cut; tests see to it that none of our own screens comes to this.
            screen = screen_for(self._desk(scene, allow_large=False), scene.view, draft)
        if self.screen is not None:
            self.stage.remove_widget(self.screen)
            if isinstance(self.screen, EntryScreen | TechnicianScreen) and draft is None:
                self.screen.draft.clear()
        self.screen = screen
        self.stage.add_widget(screen, index=len(self.stage.children))

    def _draft_for(self, view: View) -> Draft | None:
        """What has been typed, while the same question stands; the last screen's otherwise goes with it."""
        if isinstance(self.screen, EntryScreen | TechnicianScreen) and same_question(self.screen.view, view):
            draft: Draft = self.screen.draft
            return draft
        return None

    def _draw_still_there(self, scene: Scene) -> None:
        if scene.still_there is None:
            self._close_still_there()
        elif self.still_there is None:
            self._close_help()
            self.still_there = StillThereOverlay(desk=self._desk(scene), view=scene.still_there)
            self.stage.add_widget(self.still_there)
        else:
            self.still_there.take(scene.still_there)

    def _redraw(self) -> None:
        Window.clearcolor = rgba(self._look().colour("ground"))
        if self._scene is None:
            return
        help_was_open = self.help is not None
        self._close_help()
        self._close_still_there()
        self._draw_screen(self._scene)
        self._draw_still_there(self._scene)
        if help_was_open:
            self._open_help()

    def _prefer(self, **changes: str | bool) -> None:
        self.preferences = dataclasses.replace(self.preferences, **changes)  # type: ignore[arg-type]  # names and values are the lambdas' above
        self._redraw()
        self._on_activity(self.preferences)

    def _open_help(self) -> None:
        if self._scene is not None and self.help is None:
            self.help = HelpOverlay(desk=self._desk(self._scene), close=self._close_help)
            self.stage.add_widget(self.help)

    def _close_help(self) -> None:
        if self.help is not None:
            self.stage.remove_widget(self.help)
            self.help = None

    def _close_still_there(self) -> None:
        if self.still_there is not None:
            self.stage.remove_widget(self.still_there)
            self.still_there = None

    def _touched(self, _window: object, _touch: MotionEvent) -> bool:
        self._on_activity(self.preferences)
        return False
