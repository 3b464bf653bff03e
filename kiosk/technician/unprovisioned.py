"""What a new terminal's screen says until it has been set up: which command does it."""

from collections.abc import Mapping
from typing import Final

from kiosk.journeys.technician_views import Act, Leave, Mark, Page, Row
from kiosk.policy.rule import Text

PROVISION: Final = "kiosk provision"
_AGAIN: Final = Act("again", Text(zh="设好了，重新启动", en="It is set up: start again"))


class UnprovisionedDesk:
    """A :class:`~kiosk.journeys.technician_views.TechnicianDesk` of one page."""

    def __init__(self, terminal: str) -> None:
        """:param terminal: its number, as the configuration has it."""
        self._terminal = terminal

    def page(self, word: str) -> Page:
        """The page.

        :raises KeyError: there is no other.
        """
        if word != "home":
            raise KeyError(word)
        return Page(
            "home",
            Text(zh="这台机器还没有设好", en="This terminal is not set up yet"),
            rows=(
                Row(Text(zh="机器编号", en="Terminal"), self._terminal),
                Row(
                    Text(zh="要用的命令", en="Command"),
                    PROVISION,
                    Mark.WARNING,
                    Text(
                        zh="请在命令行上运行，按提示一步步做。", en="Run it on the command line and follow its steps."
                    ),
                ),
            ),
            acts=(_AGAIN,),
            note=Text(zh="还没有密钥，也没有记录本。", en="There are neither keys nor a ledger yet."),
        )

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        """Start again, to see whether it has been set up.

        :raises KeyError: there is no other act.
        """
        if (page, act) != ("home", _AGAIN.word) or given:
            raise KeyError(act)
        return Page("home", Text(zh="重新启动", en="Starting again"), leave=Leave.RESTART)

    def close(self) -> None:
        """Nothing is held."""
