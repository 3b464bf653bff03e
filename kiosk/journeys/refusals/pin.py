"""The PIN can't do it: locked, initial, not to be typed here."""

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.wording import say
from kiosk.policy.pack import HeldBy
from kiosk.policy.region import Region
from kiosk.records.transaction import Service


def no_pin_pad(region: Region, service: Service) -> Ended:
    """A PIN is wanted, and the pad to type it on does not answer."""
    return refused(
        region,
        reason="no_pin_pad",
        code="P-01",
        title=say("这台机器现在输不了密码"),
        why=say("办这件事要输密码，密码键盘没有准备好。"),
        instead=(say("请换一台机器，或找工作人员。"), *go_to(region.service(service).place)),
    )


def pin_locked(region: Region) -> Ended:
    """No try is left."""
    pin = region.pack.pin
    tries = pin.tries.value
    name = in_words(pin.name.stated())
    why = (
        say("{pin}连续输错 {tries} 次，就锁住了。", pin=name, tries=tries)
        if tries is not None
        else say("{pin}输错的次数太多，已经锁住了。", pin=name)
    )
    bank_side = (say("银行那边的密码没有变化。"),) if region.pin_held_by is HeldBy.CHIP else ()
    return refused(
        region,
        reason="pin_locked",
        code="R-07",
        title=say("{pin}已锁住", pin=name),
        why=why,
        instead=(*go_to(pin.locked), *bank_side),
        rule="pin.locked",
        cited=pin.locked,
    )


def initial_pin_in_use(region: Region) -> Ended:
    """The region wants the initial PIN changed before the card is used."""
    pin = region.pack.pin
    return refused(
        region,
        reason="initial_pin",
        code="R-10",
        title=say("您还在用初始密码"),
        why=say("初始密码人人知道。按本地规定，要先改成自己的密码才能用。"),
        instead=(say("请回到首页，选“改密码”，现在就能改。"),),
        rule="pin.initial_must_change",
        cited=pin.initial_must_change,
    )


def pin_untypable(region: Region) -> Ended:
    """The initial PIN holds a letter."""
    pin = region.pack.pin
    return refused(
        region,
        reason="pin_untypable",
        code="R-08",
        title=say("您的初始密码带字母 X"),
        why=say("初始密码是社会保障号码的后六位。您的号码末位是 X，键盘上没有这个键。"),
        instead=go_to(pin.forgotten),
        rule="pin.initial",
        cited=pin.initial,
    )


def change_refused(region: Region) -> Ended:
    """The chip accepted the PIN a moment ago and does not change it now."""
    return refused(
        region,
        reason="chip_refused_change",
        code="R-11",
        title=say("新密码没有设成"),
        why=say("您的卡没有接受这次修改。原来的密码没有变。"),
        instead=(say("请再试一次。"), say("还是不行，请找工作人员。")),
    )


def too_many_attempts(region: Region) -> Ended:
    """The new PIN was not settled after several rounds."""
    return refused(
        region,
        reason="new_pin_not_settled",
        code="R-09",
        title=say("新密码没有设成"),
        why=say("几次输入都没有成功。您原来的密码没有变。"),
        instead=(say("想好六位新密码后，再来办一次。"), say("也可以请工作人员帮忙。")),
    )
