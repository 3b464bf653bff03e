"""What a citizen takes along. Until a terminal has a printer a slip is a code that a telephone reads."""

from kiosk.journeys.frame import Session
from kiosk.journeys.refusals import in_words
from kiosk.journeys.views import Action, Slip, Step
from kiosk.journeys.wording import Say, Verbatim, say


def slip(
    session: Session,
    name: Say,
    lines: tuple[Say, ...],
    actions: tuple[Action, ...],
    page: Step | None = None,
    number: str = "",
) -> Slip:
    """A slip that names the region, the service and the transaction, and nobody.

    :param name: of what was done.
    :param lines: when it was done and what follows from it.
    :param number: the centre's own, where it has given one; the transaction's otherwise.
    """
    region = session.region
    hotline = (say("服务电话 {hotline}", hotline=Verbatim(region.hotline)),) if region.hotline else ()
    return Slip(
        title=say("带走这张凭条"),
        lines=(
            say("{region} · {name}", region=in_words(region.pack.name), name=name),
            say("受理号 {number}", number=Verbatim(number or session.transaction_id[:8].upper())),
            *lines,
            *hotline,
        ),
        note=say("用手机扫一扫，就能存下来。"),
        actions=actions,
        page=page,
    )
