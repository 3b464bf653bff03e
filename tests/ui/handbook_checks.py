"""Every screen of every handbook has room for what it says, in both languages and in large type."""

import os
from collections.abc import Iterator

from kiosk.journeys.views import Scene
from kiosk.journeys.wording import Say
from kiosk.ui.screens.registry import screen_for
from kiosk.ui.settings import Preferences
from tests.shipped_handbooks import every_view
from tests.ui.display import DrivenWindow

REGION = "HANDBOOK"
"""Environment variable: whose handbook."""


def every_page_fits(driven: DrivenWindow) -> Iterator[None]:
    """Large type need not be given up: what fits then fits in normal type. Only measured, never drawn."""
    key, router = os.environ[REGION], driven.router
    wrong: list[str] = []
    views = every_view(key)
    assert len(views) > 40
    for language in ("zh", "en"):
        router.preferences = Preferences(language=language, large=True)
        for view in views:
            screen = screen_for(router._desk(Scene(view, Say(key), "12333、0396-12333")), view)
            if screen.overflow:
                page = getattr(view, "page", None)
                title = screen.words(getattr(view, "title", ""))
                wrong.append(f"{key} {language}: {title}, page {page and page.number}: {screen.overflow} px too much")
    yield
    assert not wrong, f"{len(wrong)} faults\n" + "\n".join(wrong)
