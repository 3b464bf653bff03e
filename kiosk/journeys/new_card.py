"""What is shown on the way to a new card: how it will look, what it costs, how it is made, and that it is there."""

from typing import Final

from kiosk.card_face.particulars import Particulars
from kiosk.card_face.proof import FaceProof
from kiosk.journeys.amounts import yuan
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.views import (
    Action,
    CardPreview,
    Chosen,
    Emphasis,
    Fact,
    FeeCode,
    Intent,
    Making,
    Payment,
    Step,
    TakeNewCard,
)
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.records.masking import mask_name_in_words, mask_number

WRONG: Final = Chosen("wrong")
"""Something on the card's face is not right."""
NO_TELEPHONE: Final = Chosen("no_telephone")
"""Whoever pays otherwise: a window takes it."""
REPLACEMENT_FEE: Final = say("补卡、换卡的工本费")
MAKING: Final = (say("取一张新卡"), say("写好芯片"), say("印照片和名字"), say("从头核对一遍"))
"""What the machine does, in this order."""


def preview(proof: FaceProof, particulars: Particulars, step: Step | None) -> CardPreview:
    """The last look before the fee. No answer goes first: what is printed stays printed."""
    return CardPreview(
        title=say("请看看新卡对不对"),
        line=say("照片、名字、号码，都对了才印。"),
        proof=proof,
        facts=(
            Fact(say("姓名"), PersonName(mask_name_in_words(particulars.name), particulars.name)),
            Fact(say("社会保障号码"), Personal(mask_number(particulars.number), particulars.number)),
        ),
        step=step,
        actions=(
            Action(WRONG, say("不对"), spoken=say("不对。卡上有不对的地方")),
            Action(Intent.NEXT, say("对，继续")),
        ),
    )


def fee_waiting(fee_fen: int, reason: Say, code_url: str, seconds_left: int, step: Step | None) -> FeeCode:
    """The code to pay by.

    :param code_url: as the centre gives it.
    """
    return FeeCode(
        title=say("用手机扫一扫付款"),
        amount=_amount(fee_fen),
        reason=reason,
        note=say("付好以后，屏幕会自己往下走。"),
        payment=Payment.WAITING,
        step=step,
        actions=(CANCEL, Action(NO_TELEPHONE, say("不用手机付"), spoken=say("不用手机付。告诉您去哪里办"))),
        code_url=code_url,
        left=_left(seconds_left),
    )


def fee_paid(fee_fen: int, reason: Say, step: Step | None) -> FeeCode:
    """The centre says that it has come."""
    return FeeCode(
        title=say("付好了"),
        amount=_amount(fee_fen),
        reason=reason,
        note=say("接下来给您做卡。"),
        payment=Payment.PAID,
        step=step,
        actions=(),
    )


def fee_closed(fee_fen: int, reason: Say, step: Step | None) -> FeeCode:
    """Nobody paid in time, as far as the centre knows."""
    return FeeCode(
        title=say("时间到了，这个码不能付了"),
        amount=_amount(fee_fen),
        reason=reason,
        note=say("刚才要是已经付了，不会白付：会接着办，或者退给您。"),
        payment=Payment.CLOSED,
        step=step,
        actions=(CANCEL, Action(Intent.AGAIN, say("我付过了，再查一查"), Emphasis.PRIMARY)),
    )


def making(now: int, usual_minutes: int | None) -> Making:
    """What the machine is doing.

    :param now: index into :data:`MAKING`.
    :param usual_minutes: as whoever runs the terminal has stated; None where nobody has.
    """
    return Making(
        title=say("正在做您的新卡"),
        line=(
            say("请在这里等一等，别走开。")
            if usual_minutes is None
            else say("请在这里等一等，一般要 {minutes} 分钟左右。", minutes=usual_minutes)
        ),
        steps=MAKING,
        now=now,
    )


def take_new_card(*, urgent: bool) -> TakeNewCard:
    """The new card is there.

    :param urgent: it has been there for ten seconds and more.
    """
    line = say("新卡还在出卡口，别忘了拿走。") if urgent else say("新卡从出卡口出来了。")
    return TakeNewCard(say("请拿好您的新卡"), line, urgent=urgent)


def _amount(fee_fen: int) -> Say:
    return say("{amount} 元", amount=Verbatim(yuan(fee_fen)))


def _left(seconds: int) -> Say:
    minutes, rest = divmod(max(seconds, 0), 60)
    if not minutes:
        return say("还剩 {seconds} 秒", seconds=rest)
    return say("还剩 {minutes} 分 {seconds} 秒", minutes=minutes, seconds=rest)
