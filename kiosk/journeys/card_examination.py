"""Why does my card not work? One insertion, no PIN, no try spent.

Region rules: activation, pin, loss, offsite.failures, replacement.place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from drivers.ports.card_reader import CardKind
from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.identify import Presented, await_card, present_card, read_issuer
from kiosk.journeys.paging import page, turning
from kiosk.journeys.pin_entry import pin_name
from kiosk.journeys.refusals import go_to
from kiosk.journeys.requests import Announce, Distrusted, Journey, PinTriesLeft, Unreachable, ask, ask_centre
from kiosk.journeys.views import Explain, Refusal, Working
from kiosk.journeys.without_cards import needs_card
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import HeldBy, Rule
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.china_time import minute_of
from kiosk.records.questions import BenefitsBlock, CardExamined, CardProof, ExamineCard
from kiosk.records.transaction import Outcome, Service

FEW_TRIES = 2
"""From here on tries are few, where the region does not state how many a PIN has. Ours."""

Page = Refusal | Explain


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and what to do about it."""

    word: str
    """For the entry."""
    page: Page
    rule: str = ""
    """The pack's rule that decided."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What chip and centre tell of a card that is one of the region's."""

    expired: bool
    pin_tries_left: int | None
    """The chip's or the centre's; None when neither tells."""
    pin_is_initial: bool | None = None
    state: CardState | None = None
    """None when the centre was not asked."""
    examined: CardExamined | None = None


def card_examination(session: Session) -> Journey[Outcome]:
    """Tell what keeps a card from working, the gravest first; without the centre what the chip knows, and say so."""
    return (yield from serve(session, Service.CARD_EXAMINATION, _examine))


def _examine(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CARD_EXAMINATION):
        raise refusals.not_offered(region, Service.CARD_EXAMINATION)
    needs_card(session, Service.CARD_EXAMINATION)
    kind = yield from await_card(progress)
    if kind is not CardKind.SOCIAL_SECURITY:
        return _ending([_other_card(region, kind)], [], complete=True)
    issuer = yield from read_issuer(progress)
    if not region.serves(issuer.region_code):
        return _ending([_of(refusals.other_region(region))], [], complete=True)
    tries_left = (yield from ask(PinTriesLeft())) if region.pin_held_by is HeldBy.CHIP else None
    seen = Seen(issuer.expires_on < session.today, tries_left)
    presented = yield from present_card(session, progress, issuer)
    proved = presented.proved
    if proved is None:
        refusals.unless_by_chip(region, Service.CARD_EXAMINATION, declined=presented.declined)
        return _what_was_found(region, seen)
    if proved.proof is not CardProof.GENUINE:
        # Whatever else such a card says of itself may be another's.
        return _ending([_of(refusals.not_proved(region, proved.proof))], [], complete=True)
    if proved.card_state is None:
        raise refusals.not_ready(region, Service.CARD_EXAMINATION)
    progress.card_state = proved.card_state.value
    seen = replace(seen, state=proved.card_state, pin_is_initial=proved.pin_is_initial)
    if region.pin_held_by is HeldBy.CENTRE:
        seen = replace(seen, pin_tries_left=proved.pin_tries_left)
    examined = yield from _ask_examination(session, presented)
    if examined is not None:
        progress.done_online = True
        progress.card_state = examined.card_state.value
        seen = replace(seen, state=examined.card_state, examined=examined)
    return _what_was_found(region, seen)


def _ask_examination(session: Session, presented: Presented) -> Journey[CardExamined | None]:
    yield from ask(Announce(Working(say("正在查卡"), say("请稍候，不要拔卡。"))))
    name = presented.holder.name if presented.holder is not None else ""
    question = ExamineCard(transaction_id=session.transaction_id, name=name)
    answer = yield from ask_centre(question, CardExamined, presented.session_id)
    return None if isinstance(answer, Unreachable | Distrusted) else answer


def _what_was_found(region: Region, seen: Seen) -> Ending:
    complete = seen.examined is not None
    if (stopped := _for_good(region, seen)) is not None:
        return _ending([stopped], [], complete=complete)
    found = [*_by_the_card(region, seen), *_by_the_pin(region, seen), *_by_the_bank(region, seen)]
    found.sort(key=lambda finding: _GRAVITY.index(finding.word))
    pages = [] if found else [_nothing_found(region, seen)]
    if found and not complete:
        pages = [_not_looked_at()]
    return _ending(found, [*pages, *_what_only_the_holder_knows(region, seen)], complete=complete)


def _ending(found: Sequence[Finding], further: Sequence[Page], *, complete: bool) -> Ending:
    pages = [*(finding.page for finding in found), *further]
    words = [*(finding.word for finding in found), *(() if complete else ("centre_unreachable",))]
    return Ending(
        Outcome.DONE if complete else Outcome.PARTLY_DONE,
        tuple(_turned(one, number, len(pages)) for number, one in enumerate(pages, 1)),
        reason=",".join(words),
        rule=found[0].rule if found else "",
    )


def _turned(one: Page, number: int, of: int) -> Page:
    actions, this = turning(number, of), page(number, of)
    match one:
        case Refusal():
            return replace(one, actions=actions, page=this)
        case Explain():
            return replace(one, actions=actions, page=this)
        case other:
            assert_never(other)


def _of(ended: Ended) -> Finding:
    """What ends other journeys is found here."""
    (view,) = ended.ending.views
    if not isinstance(view, Refusal):
        raise TypeError(f"a refusal without a refusal's screen: {ended.ending.reason}")
    return Finding(ended.ending.reason, view, ended.ending.rule)


def _found(
    region: Region,
    word: str,
    code: str,
    title: Say,
    why: Say,
    instead: tuple[Say, ...],
    rule: tuple[str, Rule[object]] | None = None,
) -> Finding:
    name, cited = rule if rule is not None else ("", None)
    return _of(
        refusals.refused(region, reason=word, code=code, title=title, why=why, instead=instead, rule=name, cited=cited)
    )


def _told(title: Say, *lines: Say) -> Explain:
    return Explain(title=title, lines=lines, step=None, actions=())


_ASK_AT_A_WINDOW = (say("请带身份证件到服务窗口问一问。"),)


def _other_card(region: Region, kind: CardKind) -> Finding:
    if kind not in (CardKind.DEAD, CardKind.SILENT):
        return _of(refusals.not_a_social_security_card(region, kind))
    exchange = region.pack.replacement.place
    otherwise = (
        say("还是读不出，就要换卡：{place}", place=in_words(exchange.value))
        if exchange.value is not None
        else say("还是读不出，请找工作人员。")
    )
    return _found(
        region,
        f"card_{kind.value}",
        "R-02",
        say("读不出这张卡"),
        say("卡可能插反了，也可能芯片坏了。"),
        (say("请让金色芯片朝上、朝前，再插一次。"), otherwise),
        ("replacement.place", exchange),
    )


def _for_good(region: Region, seen: Seen) -> Finding | None:
    """What stops a card whatever else is wrong with it."""
    examined = seen.examined
    if examined is not None and examined.replaced:
        return _of(refusals.replaced_card(region))
    match seen.state:
        case CardState.CANCELLED:
            return _of(refusals.cancelled_card(region))
        case CardState.LOST:
            return _of(refusals.formally_lost(region))
        case CardState.TEMPORARILY_LOST:
            return _temporarily_lost(region, examined.lapses_at_ms if examined is not None else None)
        case _:
            return None


def _temporarily_lost(region: Region, lapses_at_ms: int | None) -> Finding:
    lifting = region.service(Service.LOSS_LIFTING)
    why = (
        say("挂失有效到 {time}，到时自动解除。", time=Verbatim(minute_of(lapses_at_ms)))
        if lapses_at_ms is not None
        else say("挂失的卡不能办业务，这样别人捡到也用不了。")
    )
    instead = (
        (say("您是本人的：回首页选“卡丢了、坏了”，再选“卡找到了”。"),)
        if region.offers(Service.LOSS_LIFTING)
        else go_to(lifting.place) or (say("如果您是本人，请带身份证件到服务窗口。"),)
    )
    return _found(
        region,
        "temporarily_lost",
        "R-06",
        say("这张卡正在挂失中"),
        why,
        instead,
        ("services.loss_lifting.place", lifting.place),
    )


def _by_the_card(region: Region, seen: Seen) -> list[Finding]:
    found = [_of(refusals.expired(region))] if seen.expired else []
    examined = seen.examined
    match seen.state:
        case CardState.SEALED:
            found.append(_not_activated(region, bank_only=examined is not None and bool(examined.bank_side_active)))
        case CardState.LOCKED:
            locked = region.pack.pin.locked
            found.append(
                _found(
                    region,
                    "card_locked",
                    "R-06",
                    say("这张卡已被锁定"),
                    say("这张卡的社保功能被锁住了。"),
                    go_to(locked) or _ASK_AT_A_WINDOW,
                    ("pin.locked", locked),
                )
            )
        case _:
            pass
    if examined is not None and examined.benefits_blocked is not None:
        found.append(_benefits(region, examined.benefits_blocked))
    if examined is not None and examined.name_agrees is False:
        found.append(
            _found(
                region,
                "name_mismatch",
                "R-20",
                say("卡里的姓名对不上"),
                say("卡里的姓名和社保中心记录的不一样。"),
                (say("请带上卡和身份证件，找工作人员或到服务窗口核对。"),),
            )
        )
    return found


def _not_activated(region: Region, *, bank_only: bool) -> Finding:
    activation = region.pack.activation
    instead = refusals.how_to_start(region)
    where: tuple[str, Rule[object]] = ("activation.place", activation.place)
    if not bank_only:
        why = say("社保功能要先启用，卡才能用。")
        return _found(region, "card_not_activated", "R-17", say("这张卡还没有启用"), why, instead, where)
    why = say("社保功能还没有启用，看病、买药刷不了卡。")
    known = activation.failures.value is not None
    rule: tuple[str, Rule[object]] = ("activation.failures", activation.failures) if known else where
    return _found(region, "only_bank_side", "R-19", say("只开通了银行功能"), why, instead, rule)


def _benefits(region: Region, cause: BenefitsBlock) -> Finding:
    match cause:
        case BenefitsBlock.WRONG_PERSONAL_DATA:
            why = say("您参保时登记的信息里，有一项不对。")
        case BenefitsBlock.REGISTRATION_NOT_ARRIVED:
            why = say("您异地看病的备案，还没有传到看病的地方。")
        case BenefitsBlock.BENEFITS_BLOCKED:
            why = say("参保的地方停了您的医保待遇。")
        case BenefitsBlock.DATES_DISAGREE:
            why = say("转诊登记的日期和住院的日期对不上。")
        case other:
            assert_never(other)
    return _found(
        region,
        cause.value,
        "R-21",
        say("看病刷不了卡"),
        why,
        (say("卡没有坏。请打电话，或到参保地的医保经办机构问清楚。"),),
        ("offsite.failures", region.pack.offsite.failures),
    )


def _by_the_pin(region: Region, seen: Seen) -> list[Finding]:
    pin, tries_left = region.pack.pin, seen.pin_tries_left
    if tries_left == 0:
        return [_of(refusals.pin_locked(region))]
    found = []
    if seen.examined is not None and seen.examined.pin_repeated:
        found.append(
            _found(
                region,
                "pin_repeated",
                "R-22",
                say("密码是六个一样的数字"),
                say("社保中心记着，旧卡的密码是这样的。这样的密码会让卡用不了。"),
                go_to(pin.forgotten) or _ASK_AT_A_WINDOW,
                ("activation.failures", region.pack.activation.failures),
            )
        )
    if seen.pin_is_initial and region.demands_pin_change_first:
        found.append(_of(refusals.initial_pin_in_use(region)))
    if tries_left is not None and (tries_left < pin.tries.value if pin.tries.value else tries_left <= FEW_TRIES):
        lines = (
            say("前面有人输错过。再错 {tries} 次，就锁住了。", tries=tries_left),
            say("想不起来的，请先不要再试。"),
            *go_to(pin.forgotten),
        )
        title = say("{pin}只能再试 {tries} 次", pin=pin_name(region), tries=tries_left)
        found.append(Finding("pin_tries_low", _told(title, *lines), "pin.tries"))
    return found


def _by_the_bank(region: Region, seen: Seen) -> list[Finding]:
    examined, place = seen.examined, region.pack.activation.bank_side_place
    if examined is None or examined.bank_side_active is not False or seen.state is CardState.SEALED:
        return []
    return [
        _found(
            region,
            "bank_side_inactive",
            "R-23",
            say("银行功能还没有开通"),
            say("社保功能不受影响。要用这张卡存钱、取钱，得先到银行开通。"),
            go_to(place) or (say("请到发卡银行问一问。"),),
            ("activation.bank_side_place", place),
        )
    ]


_GRAVITY = (
    "card_not_activated",
    "only_bank_side",
    "expired",
    "card_locked",
    "pin_locked",
    *(cause.value for cause in BenefitsBlock),
    "name_mismatch",
    "pin_repeated",
    "initial_pin",
    "pin_tries_low",
    "bank_side_inactive",
)
"""What stops the card first comes first."""


def _nothing_found(region: Region, seen: Seen) -> Explain:
    """Nothing is a finding too: then it is mostly the PIN."""
    if seen.examined is None:
        pin_is_fine = (say("{pin}没有锁。", pin=pin_name(region)),) if seen.pin_tries_left else ()
        return _told(say("芯片没有查出问题"), say("卡没有过期。"), *pin_is_fine, *_not_looked_at().lines)
    typed = (
        say("窗口还是刷不了的，多半是密码输错了：要输{pin}，不是银行密码。", pin=pin_name(region))
        if region.has_bank_side
        else say("窗口还是刷不了的，多半是密码输错了。")
    )
    place = region.pack.pin.forgotten
    forgotten = (say("密码想不起来：{place}", place=in_words(place.value)),) if place.value is not None else ()
    return _told(say("没有查出问题"), say("卡是好的，没有挂失，也没有过期。"), typed, *forgotten)


def _not_looked_at() -> Explain:
    return _told(
        say("有些事这次没有查到"),
        say("现在联系不上社保中心，有没有挂失、启用、停待遇，这次没有查。"),
        say("请过一会儿再来查一次。"),
    )


def _what_only_the_holder_knows(region: Region, seen: Seen) -> list[Explain]:
    """A PIN on a chip can't be seen: what may be wrong with it is asked, never claimed."""
    pin, asked = region.pack.pin, []
    unseen = say("芯片里的密码谁也看不到，只能问您。")
    if seen.pin_tries_left == 0:
        return []
    repeated = seen.examined.pin_repeated if seen.examined is not None else None
    if region.demands_pin_change_first and seen.pin_is_initial is None and not repeated:
        change = (say("没改过的，请回首页选“改密码”。"),) if region.offers(Service.PIN_CHANGE) else go_to(pin.change)
        asked.append(_told(say("初始密码改过了吗？"), say("发卡时的密码，要先改成自己的，卡才能用。"), unseen, *change))
    if region.equal_digits_stop and repeated is None:
        asked.append(
            _told(
                say("密码是六个一样的数字吗？"),
                say("是的话，卡会用不了，要重新设。"),
                unseen,
                *go_to(pin.forgotten),
            )
        )
    return asked
