"""What the reports of a lost card have in common: the bank's side, and the pages that follow. Region rules: loss."""

from collections.abc import Callable
from dataclasses import replace

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Session
from kiosk.journeys.paging import page, turning
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Explain, Result, View
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import BankLine
from kiosk.policy.region import Region


def name_of_report(region: Region) -> Say:
    """What the region calls the temporary report."""
    name = region.pack.loss.name.value
    return in_words(name) if name is not None else say("临时挂失")


def bank_step(region: Region, *, numbers_follow: bool) -> Say | None:
    """What to do for the bank's side, and what to say there; None where the region's cards are not said to have one.

    :param numbers_follow: the banks' lines stand on the slip.
    """
    if not region.pack.loss.bank_side.value:
        return None
    if numbers_follow:
        return say("银行功能要另外挂失：打银行电话（在最后一页），说“社保卡丢了，要挂失”。")
    return say("银行功能要另外挂失：找发卡银行，说“社保卡丢了，要挂失”。")


def bank_lines(region: Region, bank: str) -> tuple[Say, ...]:
    """The line of the card's bank, where the pack has it; every line of the region where the bank is not known."""
    loss = region.pack.loss
    if bank:
        known = region.bank_line(bank)
        return (_line_of(known),) if known is not None else ()
    return tuple(_line_of(one) for one in loss.bank_lines.value or ()) if loss.bank_side.value else ()


def _line_of(bank: BankLine) -> Say:
    return say("{bank} {line}", bank=in_words(bank.bank), line=Verbatim(bank.line))


def bank_side(region: Region, bank: str) -> Say | None:
    """What is left to do for the bank side; None where nothing is known of one."""
    known = region.bank_line(bank)
    if known is not None:
        return say("还没有挂失，请联系{bank} {line}", bank=in_words(known.bank), line=Verbatim(known.line))
    if bank:
        return say("还没有挂失，请联系{bank}", bank=Verbatim(bank))
    return None


def pages(
    session: Session,
    first: Result,
    name: Say,
    lines: tuple[Say, ...],
    *,
    next_steps: Callable[[bool], tuple[Say, ...]],
    banks: tuple[Say, ...],
    means: Say,
    not_yet: Say | None = None,
    behind: tuple[Explain, ...] = (),
) -> tuple[View, ...]:
    """What came of it, what is left to do where anything is known of that, and the slip.

    :param name: of what was done.
    :param lines: for the slip.
    :param next_steps: what is left to do; told whether the banks' lines follow on a page of their own.
    :param banks: their lines, for the slip too, below those.
    :param means: on paper only.
    :param not_yet: on paper only, where it does not hold yet.
    :param behind: pages that follow what is left to do; their lines go on paper too.
    """
    left = next_steps(bool(banks))
    steps = (Explain(title=say("接下来"), lines=left, step=None, actions=()),) if left else ()
    told_behind = tuple(line for one in behind for line in (one.title, *one.lines))
    further = (means, *next_steps(False), *told_behind)
    last = slip(session, name, lines, (), further=further, calls=banks, not_yet=not_yet)
    found = (first, *steps, *behind, last)
    of = len(found)
    return tuple(replace(view, actions=turning(at, of), page=page(at, of)) for at, view in enumerate(found, 1))
