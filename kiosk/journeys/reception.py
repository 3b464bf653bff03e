"""The attract and home screens: from nobody to a citizen who has chosen a service."""

from collections.abc import Mapping
from typing import Final, assert_never

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.requests import CitizenCancelled, CitizenGone, Journey, Show, ask
from kiosk.journeys.views import Action, Attract, ChooseService, Emphasis, Home, Intent, Menu, OpenMenu, Tile
from kiosk.journeys.wording import Say, say
from kiosk.policy.region import Region
from kiosk.records.transaction import Service

HOME: Final[tuple[Service | Menu, ...]] = (
    Service.CARD_QUERY,
    Service.CARD_EXAMINATION,
    Service.PIN_CHANGE,
    Menu.LOST,
    Menu.CARD,
    Service.ASK_HANDBOOK,
)
"""What stands on the home screen, at most six (docs/ux-rules.md rule 6)."""

MENUS: Final[Mapping[Menu, tuple[Service | Menu, ...]]] = {
    Menu.LOST: (Service.TEMPORARY_LOSS, Service.CARD_REPLACEMENT, Service.LOSS_LIFTING, Service.FORMAL_LOSS),
    Menu.CARD: (
        Service.CARD_APPLICATION,
        Service.CARD_ACTIVATION,
        Menu.FILED,
        Service.DATA_CHANGE,
        Service.CANCELLING,
        Service.OFFSITE_CARE,
    ),
    Menu.FILED: (Service.FILING_PROGRESS, Service.PAPERS),
}
"""What stands behind each further choice, at most six."""


def tile(region: Region, service: Service) -> Tile:
    """A service's tile, the plain verb first; quieter where the region does it elsewhere."""
    label, term, icon, spoken = _words(region, service)
    elsewhere = None if region.offers(service) else say("看去哪儿办")
    return Tile(ChooseService(service), label, term, icon, spoken, elsewhere)


def _words(  # noqa: C901, PLR0911, PLR0912 - one a service
    region: Region, service: Service
) -> tuple[Say, Say, str, Say]:
    """Label, term, picture, and what is spoken."""
    match service:
        case Service.CARD_QUERY:
            spoken = say("查我的卡。看卡的状态、医保余额和参保情况")
            return say("查我的卡"), say("社保卡信息查询"), "query", spoken
        case Service.PIN_CHANGE:
            pin = in_words(region.pack.pin.name.stated())
            spoken = say("改密码。修改社会保障卡的{pin}", pin=pin)
            return say("改密码"), say("修改{pin}", pin=pin), "pin", spoken
        case Service.TEMPORARY_LOSS:
            name = region.pack.loss.name.value
            term = in_words(name) if name is not None else say("临时挂失")
            return say("先挂失"), term, "loss", say("先挂失。卡的社保功能马上停用，别人捡到也用不了")
        case Service.LOSS_LIFTING:
            return say("卡找到了"), say("撤销挂失"), "found", say("卡找到了。撤销挂失，让卡重新能用")
        case Service.FORMAL_LOSS:
            return say("卡找不回来了"), say("正式挂失"), "loss", say("卡找不回来了。正式挂失，旧卡不再用")
        case Service.CARD_APPLICATION:
            return say("办第一张卡"), say("申领社会保障卡"), "apply", say("办第一张卡。申领社会保障卡")
        case Service.CARD_ACTIVATION:
            return say("启用新卡"), say("激活社保功能"), "start", say("启用新卡。激活社会保障卡的社保功能")
        case Service.CARD_REPLACEMENT:
            spoken = say("要一张新卡。卡丢了、坏了、旧了，补卡、换卡")
            return say("要一张新卡"), say("补卡、换卡"), "replace", spoken
        case Service.FILING_PROGRESS:
            return say("查进度"), say("办到哪一步了"), "progress", say("查进度。看申请办到哪一步了")
        case Service.PAPERS:
            return say("卡还没到手"), say("临时卡、证明"), "paper", say("卡还没到手。办临时卡，或者打印证明")
        case Service.DATA_CHANGE:
            return say("信息变了"), say("姓名、证件号码等"), "data", say("信息变了。姓名、证件号码等个人信息变更")
        case Service.CANCELLING:
            return say("不用这张卡了"), say("注销社会保障卡"), "cancel", say("不用这张卡了。注销社会保障卡")
        case Service.OFFSITE_CARE:
            return say("去外地看病"), say("异地就医备案"), "away", say("去外地看病。异地就医备案")
        case Service.CARD_EXAMINATION:
            spoken = say("卡用不了？查查卡哪里不对，告诉您去哪里办。不用输密码")
            return say("卡用不了？"), say("查查卡哪里不对"), "examine", spoken
        case Service.ASK_HANDBOOK:
            return say("问一问"), say("办事指南"), "help", say("问一问。看办事指南，不用卡")
        case other:
            assert_never(other)


def menu_tile(region: Region, menu: Menu) -> Tile:
    """The tile that leads to a further choice."""
    match menu:
        case Menu.LOST:
            label, term, icon = say("卡丢了、坏了"), say("挂失、找到了、要新卡"), "loss"
            spoken = say("卡丢了、坏了，或者找到了。挂失，撤销挂失，补一张、换一张新卡")
        case Menu.CARD:
            label, term, icon = say("办卡、办别的事"), say("申领、启用、改信息、外地看病"), "apply"
            spoken = say("办卡、办别的事。申领、启用、查进度、开证明、改信息、注销，和去外地看病")
        case Menu.FILED:
            label, term, icon = say("查进度、拿证明"), say("办到哪一步、临时卡"), "progress"
            spoken = say("查进度、拿证明。看办到哪一步，办临时卡或者打印证明")
        case other:
            assert_never(other)
    return Tile(OpenMenu(menu), label, term, icon, spoken, None if _opens(region, menu) else say("看去哪儿办"))


def _opens(region: Region, one: Service | Menu) -> bool:
    """Whether it, or anything behind it, is done here."""
    return any(_opens(region, behind) for behind in MENUS[one]) if isinstance(one, Menu) else region.offers(one)


def _tile(region: Region, one: Service | Menu) -> Tile:
    return menu_tile(region, one) if isinstance(one, Menu) else tile(region, one)


def home(region: Region) -> Home:
    """What can be done here."""
    return Home(
        title=say("您想办什么？"),
        tiles=tuple(_tile(region, one) for one in HOME),
        back=Action(Intent.CANCEL, say("退出")),
    )


def further_choice(region: Region, menu: Menu) -> Home:
    """What stands behind a tile."""
    return Home(
        title=say("您想办哪一项？"),
        tiles=tuple(_tile(region, one) for one in MENUS[menu]),
        back=Action(Intent.BACK, say("上一页")),
    )


def reception(region: Region, *, start_at_home: bool) -> Journey[Service]:
    """Wait for a citizen and learn what they want.

    :param start_at_home: somebody has just finished a service and may want another.
    """
    attract = Attract(
        title=say("社会保障卡自助服务"),
        line=say("{region}的社会保障卡，可以在这里自己办。", region=in_words(region.pack.name)),
        start=Action(Intent.START, say("点这里开始"), Emphasis.PRIMARY, say("点这里开始办理")),
    )
    while True:
        if not start_at_home:
            yield from ask(Show(attract))
        start_at_home = False
        try:
            return (yield from _choice(region))
        except (CitizenGone, CitizenCancelled):
            continue


def _choice(region: Region) -> Journey[Service]:
    """The service that was chosen, however often the citizen went into a further choice and back."""
    before: list[Home] = []
    view = home(region)
    while True:
        match (yield from ask(Show(view))):
            case ChooseService(service):
                return service
            case OpenMenu(menu):
                before.append(view)
                view = further_choice(region, menu)
            case _ if before:
                view = before.pop()
            case _:
                view = home(region)
