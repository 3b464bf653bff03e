"""A card's social side can't be started here."""

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.guide import bank_side, instead_of_the_holder, old_card, pages
from kiosk.journeys.refusals.loss import stopped_or_given_up
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.refusals.service import not_offered
from kiosk.journeys.wording import say
from kiosk.policy.card_rules import SocialSideStart
from kiosk.policy.counter import Business
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.transaction import Service


def activation_not_here(region: Region) -> Ended:
    """A new card is started elsewhere, or its social side works without being started."""
    rules = region.pack.activation
    if rules.social_side.value is not SocialSideStart.ON_RECEIPT:
        return not_offered(region, Service.CARD_ACTIVATION)
    return refused(
        region,
        reason="works_on_receipt",
        code="R-70",
        title=say("社保功能不用启用"),
        why=say("领到新卡，社保功能就能用，看病、买药可以刷卡。"),
        instead=bank_side(region),
        rule="activation.social_side",
        cited=rules.social_side,
        behind=(
            *pages(say("旧的医保卡怎么办"), *old_card(region)),
            *instead_of_the_holder(region, Business.ACTIVATION),
        ),
    )


def state_to_activate(region: Region, state: CardState) -> Ended:
    """Starting a card, and it is not a new one."""
    return already_activated(region) if state is CardState.NORMAL else stopped_or_given_up(region, state)


def already_activated(region: Region) -> Ended:
    """It was started before."""
    look = (
        (say("卡用不了的，请回首页选“卡用不了？”，查查哪里不对。"),) if region.offers(Service.CARD_EXAMINATION) else ()
    )
    return refused(
        region,
        reason="already_activated",
        code="R-71",
        title=say("这张卡已经启用了"),
        why=say("社保功能早就开了，不用再启用。"),
        instead=look,
    )


def another_card(region: Region) -> Ended:
    """The holder has another card that works, or may work again."""
    one = region.pack.application.one_per_number
    return refused(
        region,
        reason="another_card",
        code="R-72",
        title=say("您还有一张卡在用"),
        why=in_words(one.value) if one.value is not None else say("一个人只能有一张社会保障卡。"),
        instead=(say("请带两张卡和身份证件，到服务窗口问用哪一张。"),),
        rule="application.one_per_number" if one.value is not None else "",
        cited=one if one.value is not None else None,
    )


def not_the_card_holder(region: Region) -> Ended:
    """The ID card is another person's than the card."""
    return refused(
        region,
        reason="holder_mismatch",
        code="R-73",
        title=say("卡和身份证不是一个人的"),
        why=say("新卡要由本人拿自己的身份证来启用。"),
        instead=(say("请核对拿的是谁的卡。"), *go_to(region.service(Service.CARD_ACTIVATION).place)),
        rule="activation.papers",
        cited=region.pack.activation.papers,
    )
