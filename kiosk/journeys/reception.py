"""The attract and home screens: from nobody to a citizen who has chosen a service."""

from kiosk.journeys.refusals import in_words
from kiosk.journeys.requests import CitizenCancelled, CitizenGone, Journey, Show, ask
from kiosk.journeys.views import Action, Attract, ChooseService, Emphasis, Home, Intent, Tile
from kiosk.journeys.wording import Say, say
from kiosk.policy.region import Region
from kiosk.records.transaction import Service


def tiles(region: Region) -> tuple[Tile, ...]:
    """One tile a service, the plain verb first."""
    pin = in_words(region.pack.pin.name.stated())
    return (
        Tile(
            ChooseService(Service.CARD_QUERY),
            say("查我的卡"),
            say("社保卡信息查询"),
            "query",
            say("查我的卡。看卡的状态、医保余额和参保情况"),
            _elsewhere(region, Service.CARD_QUERY),
        ),
        Tile(
            ChooseService(Service.PIN_CHANGE),
            say("改密码"),
            say("修改{pin}", pin=pin),
            "pin",
            say("改密码。修改社会保障卡的{pin}", pin=pin),
            _elsewhere(region, Service.PIN_CHANGE),
        ),
        Tile(
            ChooseService(Service.TEMPORARY_LOSS),
            say("卡丢了"),
            in_words(name) if (name := region.pack.loss.name.value) is not None else say("临时挂失"),
            "loss",
            say("卡丢了。先临时挂失，别人捡到也用不了"),
            _elsewhere(region, Service.TEMPORARY_LOSS),
        ),
        Tile(
            ChooseService(Service.LOSS_LIFTING),
            say("卡找到了"),
            say("撤销挂失"),
            "found",
            say("卡找到了。撤销挂失，让卡重新能用"),
            _elsewhere(region, Service.LOSS_LIFTING),
        ),
        Tile(
            ChooseService(Service.ASK_HANDBOOK),
            say("问一问"),
            say("办事指南"),
            "help",
            say("问一问。看办事指南，不用卡"),
            _elsewhere(region, Service.ASK_HANDBOOK),
        ),
    )


def _elsewhere(region: Region, service: Service) -> Say | None:
    return None if region.offers(service) else say("看去哪儿办")


def reception(region: Region, *, start_at_home: bool) -> Journey[Service]:
    """Wait for a citizen and learn what they want.

    :param start_at_home: somebody has just finished a service and may want another.
    """
    attract = Attract(
        title=say("社会保障卡自助服务"),
        line=say("{region}的社会保障卡，可以在这里自己办。", region=in_words(region.pack.name)),
        start=Action(Intent.START, say("点这里开始"), Emphasis.PRIMARY, say("点这里开始办理")),
    )
    home = Home(
        title=say("您想办什么？"),
        tiles=tiles(region),
        back=Action(Intent.CANCEL, say("退出")),
    )
    while True:
        if not start_at_home:
            yield from ask(Show(attract))
        start_at_home = False
        try:
            intent = yield from ask(Show(home))
        except (CitizenGone, CitizenCancelled):
            continue
        if isinstance(intent, ChooseService):
            return intent.service
