"""The service is not to be had: not in this region, not without the centre, not now."""

from kiosk.journeys.frame import Ended
from kiosk.journeys.guide import guide
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.requests import Distrusted, Unreachable
from kiosk.journeys.wording import say
from kiosk.policy.pack import Basis, HeldBy, Offline
from kiosk.policy.region import Region
from kiosk.records.transaction import Service


def not_offered(region: Region, service: Service) -> Ended:
    """The region does not let a terminal do this: what its handbook says, where that stands, and who does it."""
    rules = region.service(service)
    handbook = rules.place.basis is Basis.SOURCE
    loss = region.pack.loss
    about_formal = service in (Service.LOSS_LIFTING, Service.FORMAL_LOSS)
    final = about_formal and loss.formal_is_final.value
    not_known = service is Service.FORMAL_LOSS and loss.formal_is_final.value is None
    return refused(
        region,
        reason="not_offered",
        code="R-01",
        title=_NOT_HERE[service],
        why=say("按本地手册，这项业务不在自助机上办。") if handbook else say("本地手册没有写明自助机可以办这项业务。"),
        instead=(
            *(go_to(rules.place) or (say("该去哪里办，请打电话问一问。"),)),
            *((say("正式（书面）挂失以后，不能再撤销。"),) if final else ()),
            *((say("正式挂失以后能不能撤销，本地手册没有写明。"),) if not_known else ()),
        ),
        rule=f"services.{service.value}.self_service",
        cited=rules.place if rules.place.value is not None else rules.self_service,
        behind=guide(region, service),
    )


_NOT_HERE = {
    Service.CARD_QUERY: say("这里不能查询"),
    Service.PIN_CHANGE: say("这里不能改密码"),
    Service.TEMPORARY_LOSS: say("挂失不在这里办"),
    Service.LOSS_LIFTING: say("撤销挂失不在这里办"),
    Service.CARD_EXAMINATION: say("这里不能查卡的毛病"),
    Service.CARD_APPLICATION: say("申领不在这里办"),
    Service.FILING_PROGRESS: say("这里不能查进度"),
    Service.PAPERS: say("临时卡和证明不在这里办"),
    Service.DATA_CHANGE: say("改信息不在这里办"),
    Service.CANCELLING: say("销卡不在这里办"),
    Service.OFFSITE_CARE: say("异地就医备案不在这里办"),
    Service.FORMAL_LOSS: say("正式挂失不在这里办"),
    Service.ASK_HANDBOOK: say("这里没有办事指南"),
    Service.CARD_ACTIVATION: say("启用新卡不在这里办"),
    Service.CARD_REPLACEMENT: say("补卡、换卡不在这里办"),
}


def needs_centre(region: Region, service: Service) -> Ended:
    """It can't be done without the centre, and the centre does not answer."""
    of_pin = service in (Service.CARD_QUERY, Service.PIN_CHANGE) and region.pin_held_by is HeldBy.CENTRE
    return refused(
        region,
        reason="centre_unreachable",
        code="N-01",
        title=say("现在联系不上社保中心"),
        why=(
            say("您的密码由社保中心核对，联系不上就不能办。什么都没有改动。")
            if of_pin
            else say("这件事要社保中心当场核对，联系不上就不能办。什么都没有改动。")
        ),
        instead=(say("请过一会儿再来。"), *go_to(region.service(service).place)),
        rule="pin.held_by" if of_pin else f"services.{service.value}.offline",
    )


def not_ready(region: Region, service: Service) -> Ended:
    """The centre answers, but not to this question: pad, session or terminal are not as it knows them."""
    return refused(
        region,
        reason="centre_declines",
        code="N-04",
        title=say("这台机器现在办不了"),
        why=say("是机器的问题，不是您的卡有问题。什么都没有改动。"),
        instead=(say("请再试一次，或换一台机器。"), *go_to(region.service(service).place)),
    )


def without_centre(region: Region, service: Service, *, declined: bool) -> Ended:
    """There is no session with the centre: it can't be reached, or it declined."""
    return not_ready(region, service) if declined else needs_centre(region, service)


def unless_by_chip(region: Region, service: Service, *, declined: bool) -> None:
    """Go on without the centre only where the region's rules say so.

    :raises Ended: they do not.
    """
    if region.offline(service) is not Offline.CHIP_ONLY:
        raise without_centre(region, service, declined=declined)


def no_answer(region: Region, service: Service, answer: Unreachable | Distrusted) -> Ended:
    """The service needs the centre, and this is what came instead of its answer."""
    return needs_centre(region, service) if isinstance(answer, Unreachable) else not_ready(region, service)
