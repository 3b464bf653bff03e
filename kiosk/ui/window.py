"""The terminal's window: what the runtime shows scenes on and hears intents from.

Kivy opens things while it is imported, so nothing here imports it before a window is wanted.
"""

from collections.abc import Callable

from kiosk.journeys.views import Attract, OutOfService, Posted, Scene
from kiosk.journeys.wording import Say
from kiosk.runtime.viewfinder import Glance
from kiosk.ui.environment import prepare_kivy
from kiosk.ui.rasteriser import let_drawing_give_way
from kiosk.ui.settings import DisplaySettings, Preferences

__all__ = ["DisplaySettings", "Preferences", "TerminalWindow"]

_TICK = 0.05
_BRISK = 60.0
"""Looks a second for touches while somebody is served: a finger is seen after 17 ms at most."""
_CALM = 30.0
"""While nobody is there; each look costs a little of an idle core."""


class TerminalWindow:
    """Draws scenes and reports touches. Everything but :meth:`wake` belongs to the main thread.

    :raises kiosk.ui.fonts.FontsMissing: the fonts have not been built.
    :raises kiosk.ui.language.CatalogueMissing: a translation has not been compiled.
    """

    def __init__(
        self,
        settings: DisplaySettings,
        *,
        on_intent: Callable[[Posted], None],
        on_activity: Callable[[Preferences], None],
        look_through: Callable[[], Glance | None] = lambda: None,
    ) -> None:
        """:param look_through: gives the newest of what the camera sees, once; None when there is nothing newer."""
        prepare_kivy(settings)
        from kiosk.ui.router import Router  # noqa: PLC0415 - imports Kivy, which reads what was just prepared

        self._router: Router = Router(settings, on_intent=on_intent, on_activity=on_activity, look_through=look_through)
        let_drawing_give_way()
        self._wake: Callable[[], None] | None = None
        self.is_drawn = False
        """The first scene stands on the screen, whatever a frame before it showed."""
        self._first_is_due = True

    @property
    def preferences(self) -> Preferences:
        """How the present citizen wants to see the screens."""
        return self._router.preferences

    def reset_preferences(self) -> None:
        """Back to the defaults, for the next citizen."""
        self._router.reset_preferences()

    def words(self, sentence: Say) -> str:
        """A sentence in the language that the present citizen reads, personal data masked."""
        return self._router.words(sentence)

    def show(self, scene: Scene) -> None:
        """Show a scene. The same scene again draws nothing."""
        from kivy.clock import Clock  # noqa: PLC0415 - see the module's words

        self._router.show(scene)
        if self._first_is_due:
            self._first_is_due = False
            self._note_first_frame()
        nobody = isinstance(scene.view, Attract | OutOfService)
        Clock._max_fps = _CALM if nobody else _BRISK  # Kivy reads its own setting once, at import

    def _note_first_frame(self) -> None:
        from kivy.clock import Clock  # noqa: PLC0415 - see the module's words
        from kivy.core.window import Window  # noqa: PLC0415 - see the module's words

        def drawn(_elapsed: float) -> None:
            self.is_drawn = True

        def flipped(*_: object) -> None:
            # Told before the frame goes to the display; when the loop comes round it has gone.
            Window.unbind(on_flip=flipped)
            Clock.schedule_once(drawn)

        Window.bind(on_flip=flipped)

    def wake(self) -> None:
        """Have the loop call its tick soon. From any thread; before the loop runs it does nothing."""
        if self._wake is not None:
            self._wake()

    @property
    def round_s(self) -> float:
        """How long the last round of the loop took, its drawing and its wait for the next frame included."""
        from kivy.clock import Clock  # noqa: PLC0415 - see the module's words

        return float(Clock.frametime)

    def run(self, tick: Callable[[], None]) -> None:
        """Run until :meth:`stop`, calling ``tick`` every 50 ms and soon after each :meth:`wake`."""
        from kivy.base import runTouchApp  # noqa: PLC0415 - see the module's words
        from kivy.clock import Clock  # noqa: PLC0415 - see the module's words

        def call(_elapsed: float) -> None:
            tick()

        self._wake = Clock.create_trigger(call)
        every = Clock.schedule_interval(call, _TICK)
        try:
            runTouchApp(self._router.stage)
        finally:
            every.cancel()
            self._wake = None

    def stop(self) -> None:
        """Close the window and let :meth:`run` return."""
        from kivy.base import stopTouchApp  # noqa: PLC0415 - see the module's words

        stopTouchApp()
