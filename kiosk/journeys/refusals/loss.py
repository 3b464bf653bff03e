"""A report of loss stands in the way, or none stands."""

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.refusals.card import cancelled_card, card_state
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.terms import formal_report_due
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import LossRules
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.china_time import minute_of


def already_reported(region: Region, reported_at_ms: int | None, lapses_at_ms: int | None) -> Ended:
    """A temporary report stands."""
    if lapses_at_ms is not None:
        why = say("这张卡正在挂失中，有效到 {time}。不用再报一次。", time=Verbatim(minute_of(lapses_at_ms)))
    elif reported_at_ms is not None:
        why = say("这张卡 {time} 已经挂失。不用再报一次。", time=Verbatim(minute_of(reported_at_ms)))
    else:
        why = say("这张卡正在挂失中。不用再报一次。")
    loss = region.pack.loss
    return refused(
        region,
        reason="already_reported",
        code="R-12",
        title=say("已经挂失过了"),
        why=why,
        instead=_if_not_found(loss, reported_at_ms),
        cited=loss.validity,
    )


def formally_lost(region: Region, _state: CardState = CardState.LOST) -> Ended:
    """The written report was made."""
    loss = region.pack.loss
    final = bool(loss.formal_is_final.value)
    return refused(
        region,
        reason="formally_lost",
        code="R-13",
        title=say("这张卡已经正式挂失"),
        why=say("正式挂失以后，卡已经作废，不能撤销。") if final else say("这张卡已经办过正式挂失，不用再报。"),
        instead=go_to(loss.formal_place),
        rule="loss.formal_is_final" if final else "",
        cited=loss.formal_is_final if final else None,
    )


def replacement_running(region: Region) -> Ended:
    """A report, and a new card is being made: the old one is stopped already."""
    return refused(
        region,
        reason="replacement_running",
        code="R-30",
        title=say("新卡正在补办"),
        why=say("旧卡已经停用，谁也用不了。不用再挂失。"),
        instead=(say("请等新卡。办到哪一步，可以打电话问。"),),
    )


def not_lifted_any_more(region: Region) -> Ended:
    """Taking a report back, and a new card is being made."""
    rule = region.pack.loss.lifting_until_replacement
    return refused(
        region,
        reason="replacement_running",
        code="R-31",
        title=say("新卡正在补办，旧卡不能恢复"),
        why=say("新卡已经开始办了，旧卡的挂失就不能再撤销。"),
        instead=(say("请等新卡。办到哪一步，可以打电话问。"),),
        rule="loss.lifting_until_replacement",
        cited=rule,
    )


def not_reported(region: Region, state: CardState | None = CardState.NORMAL) -> Ended:
    """No report stands: none was made, or its term is over.

    :param state: the card's; None where the card is not at hand and its holder is told no more than that.
    """
    lapsed = say("没有挂失过，或者挂失已经到期自动解除。")
    return refused(
        region,
        reason="not_reported",
        code="R-18",
        title=say("这张卡没有在挂失中"),
        why=lapsed if state is None else say("没有挂失过，或者挂失已经到期自动解除。卡可以正常用。"),
        instead=(say("可以选“查我的卡”，看看卡的状态。"),),
    )


def state_to_lift(region: Region, state: CardState) -> Ended:
    """Taking a report back, and the card is not temporarily lost."""
    return not_reported(region) if state is CardState.NORMAL else stopped_or_given_up(region, state)


def stopped_or_given_up(region: Region, state: CardState) -> Ended:
    """A card that does not work, whatever was asked of it."""
    match state:
        case CardState.LOST:
            return formally_lost(region)
        case CardState.CANCELLED:
            return cancelled_card(region)
        case _:
            return card_state(region, state)


def _if_not_found(loss: LossRules, reported_at_ms: int | None) -> tuple[Say, ...]:
    """Where the written report is made, and by when where that is stated."""
    place = loss.formal_place
    due = formal_report_due(loss.formal_deadline, reported_at_ms)
    told = (say("找不到卡，要办正式挂失：{place}", place=in_words(place.value)),) if place.value is not None else ()
    return (*told, *((due,) if due is not None else ()))
