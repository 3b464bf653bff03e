"""The finished portrait."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.ui.widgets.mirror import Print
from kiosk.ui.widgets.screen import Screen


class PortraitProofScreen(Screen):
    """Whether its person takes it."""

    kv = Path(__file__).with_name("portrait_proof.kv")
    is_about_its_picture = True

    def on_parent(self, _screen: Widget, parent: Widget | None) -> None:
        """Nothing of it stays when another screen comes."""
        if parent is None:
            self.illustration.shut()

    def _make_illustration(self) -> Widget:
        return Print(bytes(self.view.portrait.jpeg), look=self.look)
