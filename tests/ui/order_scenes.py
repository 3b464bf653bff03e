"""Screens of a new card that is ordered, as the journey makes them for somebody of each region."""

from dataclasses import replace
from typing import Final

from kiosk.journeys import refusals
from kiosk.journeys.card_replacement import _explanation
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.reception import further_choice
from kiosk.journeys.views import Action, Chosen, Emphasis, Intent, Menu, View
from kiosk.journeys.wording import say
from kiosk.policy.card_rules import ReplacementReason
from tests.journeys.test_card_replacement import CHANGED, citizen, want
from tests.journeys.test_proxy import PROXY
from tests.journeys.world import ID_CARD, World, region


def _walked(name: str, world: World, *titles: str) -> dict[str, View]:
    """The screens of these titles, numbered as they came."""
    want(world)
    found = [view for view in world.seen if view.title.text in titles]
    return {f"order-{name}-{number}": view for number, view in enumerate(found, 1)}


_WHY, _FIRST = "为什么要新卡？", "要先把信息改过来"
_BEFORE = (_WHY, "补一张新卡", "要准备的", "旧卡怎么办")
_CHECK = ("请核对，再交上去", "交上去了，等着领新卡")
_AFTER = ("接下来", "等新卡的时候", "拿到新卡以后")
ORDER_VIEWS: Final[dict[str, View]] = {
    "home-lost-four": further_choice(region("beijing"), Menu.LOST),
    "home-lost-closed-four": further_choice(region("guizhou"), Menu.LOST),
    **_walked("beijing", citizen(), *_BEFORE, *_CHECK, *_AFTER),
    **_walked("qingdao", citizen("qingdao", "expired"), "旧卡怎么办", *_CHECK),
    **_walked("zhumadian", citizen("zhumadian", "unreadable"), "换一张新卡"),
    **_walked(
        "proxy",
        citizen("yunling", documents=[PROXY, ID_CARD], choices={"给谁办？": Chosen("sent")}),
        _WHY,
        "要准备的",
        *_CHECK,
    ),
    **_walked("changed", citizen("qingdao", "changed", choices={CHANGED: Chosen("name_changed")}), CHANGED, _FIRST),
    **_walked("guizhou", citizen("guizhou"), "补卡、换卡不在这里办"),
    "order-made-here": replace(
        _explanation(region("zhumadian"), ReplacementReason.UNREADABLE, made_here=True)[0],
        actions=(CANCEL, Action(Intent.NEXT, say("下一页"), Emphasis.PRIMARY)),
    ),
    "order-not-reported": refusals.report_first(region("beijing")).ending.views[0],
    "order-not-reported-elsewhere": refusals.report_first(region("qingdao")).ending.views[0],
}
