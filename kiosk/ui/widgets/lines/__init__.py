"""Headings, and lines that begin with a picture or a number."""

from kivy.properties import NumericProperty, ObjectProperty, StringProperty

from kiosk.ui.widgets.layout import Row
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.text import Text


class Heading(Row):
    """The one question or statement of a screen, perhaps after a sign."""

    text = StringProperty("")
    icon = StringProperty("")
    icon_ink = StringProperty("line")
    ink = StringProperty("ink")
    halign = StringProperty("left")

    def on_kv_post(self, _base_widget: object) -> None:
        """Add the sign and the words."""
        self.gap, self.along_top = 24, True
        if self.icon:
            side = self.look.typeface.line_height(self.look.size("title"))
            self.add_widget(
                Picture(look=self.look, name=self.icon, mono=self.icon_ink, fixed=side, inset=round(side * 0.1))
            )
        self.add_widget(Text(look=self.look, text=self.text, role="title", bold=True, ink=self.ink, halign=self.halign))


class Sentence(Row):
    """A sentence after a picture or a number."""

    text = StringProperty("")
    icon = StringProperty("")
    number = NumericProperty(0)
    ink = StringProperty("ink")
    icon_ink = StringProperty("line")
    role = StringProperty("body")

    def on_kv_post(self, _base_widget: object) -> None:
        """Add the picture or number, and the words."""
        self.along_top = True
        side = self.look.typeface.line_height(self.look.size(self.role))
        if self.icon:
            self.add_widget(
                Picture(look=self.look, name=self.icon, mono=self.icon_ink, fixed=side, inset=round(side * 0.1))
            )
        elif self.number:
            number = Text(look=self.look, text=str(self.number), role=self.role, bold=True, ink="primary")
            number.halign = "center"
            number.fixed = side
            self.add_widget(number)
        self.words = Text(look=self.look, text=self.text, role=self.role, ink=self.ink, bold=self.role != "body")
        self.add_widget(self.words)


class Note(Sentence):
    """A line that must not be overlooked."""

    def on_kv_post(self, base_widget: object) -> None:
        """Give it its ground."""
        if self.text:
            self.surface, self.edge, self.edge_width = "warm", "warm_icon", 3
            self.pad_x, self.pad_y = 32, 24
            self.icon = self.icon or "warning"
            self.icon_ink = "warm_icon"
            super().on_kv_post(base_widget)


class Hotline(Sentence):
    """The number to call, large enough to copy down; nothing where none is known."""

    hotline = StringProperty("")
    look = ObjectProperty(None)

    def on_kv_post(self, base_widget: object) -> None:
        """Add picture and number."""
        if self.hotline:
            self.icon, self.role = "phone", "section"
            super().on_kv_post(base_widget)
