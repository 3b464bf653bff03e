"""Where something stands, as the citizen reads it."""

from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.region import Citation


def source_of(citation: Citation) -> Say:
    """Title, date and section; for a document without a date the year it must be from."""
    values = {"title": Verbatim(citation.title), "section": Verbatim(citation.section)}
    if citation.date:
        return say("依据：《{title}》（{date}）{section}", date=Verbatim(citation.date), **values)
    if citation.about:
        return say("依据：《{title}》（约 {about} 年）{section}", about=Verbatim(citation.about), **values)
    return say("依据：《{title}》{section}", **values)
