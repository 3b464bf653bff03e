"""What a citizen takes along: a code that a telephone reads, and the same on paper where the terminal has a printer."""

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Session
from kiosk.journeys.printing import call_line, number_line
from kiosk.journeys.views import Action, PaperSlip, Slip, Step
from kiosk.journeys.wording import Say, Verbatim, say


def slip(
    session: Session,
    name: Say,
    lines: tuple[Say, ...],
    actions: tuple[Action, ...],
    page: Step | None = None,
    *,
    further: tuple[Say, ...] = (),
    calls: tuple[Say, ...] = (),
    not_yet: Say | None = None,
    number: str = "",
) -> Slip:
    """A slip that names the region, the service and the transaction, and nobody.

    :param name: of what was done.
    :param lines: when it was done and what follows from it.
    :param further: what it means and what to do next: on paper only, which has room for it.
    :param calls: whom else to call, and when; below everything, before the region's own number.
    :param not_yet: where it does not hold yet, this stands on paper above everything.
    :param number: the centre's own, where it has given one; the transaction's otherwise.
    """
    region = in_words(session.region.pack.name)
    told = say("受理号 {number}", number=Verbatim(number)) if number else number_line(session.transaction_id)
    call = call_line(session.region.hotline)
    hotline = (call,) if call is not None else ()
    code = (say("{region} · {name}", region=region, name=name), told, *lines, *calls, *hotline)
    return Slip(
        title=say("带走这张凭条"),
        lines=code,
        note=say("用手机扫一扫，就能存下来。"),
        actions=actions,
        page=page,
        paper=PaperSlip((region, name), not_yet, (told,), (*lines, *further, *calls), call, code),
    )
