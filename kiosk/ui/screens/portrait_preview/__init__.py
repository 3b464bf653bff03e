"""Somebody sits before the camera."""

import dataclasses
from pathlib import Path
from typing import Final

from kivy.properties import StringProperty
from kivy.uix.widget import Widget

from kiosk.journeys.portrait_words import INSTRUCTIONS
from kiosk.journeys.views import PortraitPreview, View
from kiosk.portrait.guidance import Instruction
from kiosk.ui.widgets.mirror import Mirror
from kiosk.ui.widgets.screen import Screen

_SIGNS: Final = {
    Instruction.MOVE_LEFT: "left",
    Instruction.MOVE_RIGHT: "right",
    Instruction.MORE_LIGHT: "contrast",
    Instruction.LESS_LIGHT: "contrast",
    Instruction.EVEN_LIGHT: "contrast",
    Instruction.PLAIN_LIGHT: "contrast",
    Instruction.OPEN_EYES: "eye",
    Instruction.LOOK_AT_CAMERA: "eye",
    Instruction.HOLD_STILL: "tick",
}
"""Beside the words; a person elsewhere."""


class PortraitPreviewScreen(Screen):
    """The one instruction, and the mirror."""

    kv = Path(__file__).with_name("portrait_preview.kv")
    reserve = StringProperty("")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Keep room for the longest instruction, so that nothing jumps."""
        self.reserve = max((self.words(one) for one in INSTRUCTIONS.values()), key=len)
        super().on_kv_post(base_widget)

    def sign(self, instruction: Instruction) -> str:
        """The picture beside the words."""
        return _SIGNS.get(instruction, "person")

    def take(self, view: View) -> bool:
        """Another instruction only changes the words, the sign and the ring."""
        if not isinstance(view, PortraitPreview):
            return False
        if dataclasses.replace(self.view, instruction=view.instruction, held=view.held) != view:
            return False
        self.view = view
        self.mirror.instruction, self.mirror.held = view.instruction.value, view.held
        return True

    def on_parent(self, _screen: Widget, parent: Widget | None) -> None:
        """Look through the camera for as long as this is what is shown."""
        if parent is None:
            self.mirror.shut()
        else:
            self.mirror.open()

    def _make_illustration(self) -> Widget:
        view = self.view
        self.mirror = Mirror(self.desk.look_through, look=self.look, instruction=view.instruction.value, held=view.held)
        return self.mirror
