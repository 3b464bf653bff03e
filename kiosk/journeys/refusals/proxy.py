"""Why somebody may not file for another here, and what to do instead. Codes are those of docs/faults.md."""

from kiosk.journeys.counter_words import in_words, papers_in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.guide import minors_bring
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.wording import Say, say
from kiosk.policy.counter import Doer
from kiosk.policy.region import BUSINESS_OF, Region
from kiosk.records.filings import ADULT_FROM
from kiosk.records.transaction import Service


def not_by_proxy(region: Region, service: Service) -> Ended:
    """The region wants the holder, or no source says that somebody may be sent."""
    rules, business = region.pack.proxy, BUSINESS_OF.get(service)
    wants_holder = business is not None and region.wants_holder(business)
    otherwise = (in_words(rules.otherwise.value),) if wants_holder and rules.otherwise.value is not None else ()
    return refused(
        region,
        reason="not_by_proxy",
        code="R-80",
        title=say("这件事不能请人代办"),
        why=(
            say("按本地手册，这件事要本人来办。")
            if wants_holder
            else say("能不能请人代办，本地手册没有写明，这台机器就不收。")
        ),
        instead=(*otherwise, *go_to(region.service(service).place)),
        rule="proxy.in_person" if wants_holder else "proxy.allowed",
        cited=region.of_business(rules.in_person, business) if wants_holder and business is not None else None,
    )


def papers_missing(region: Region, service: Service, *, guardian: bool) -> Ended:
    """An ID card or a paper is not at hand.

    :param guardian: acts for a child, whose papers are others.
    """
    business, papers_of = BUSINESS_OF[service], region.pack.proxy.papers
    wanted = region.proxy_papers(business)
    bring: tuple[Say, ...]
    if guardian:
        of_the_child = minors_bring(region) if service is Service.CARD_APPLICATION else ()
        why = say("要两个人的身份证原件。孩子没有身份证的，请到窗口办。")
        bring = of_the_child
    else:
        papers = papers_in_words(region, wanted, Doer.FAMILY) if wanted else None
        why = say("要两个人的身份证原件，别的材料窗口要看。")
        bring = (say("请带：{papers}", papers=papers),) if papers is not None else ()
    return refused(
        region,
        reason="proxy_papers_missing",
        code="R-81",
        title=say("带齐了再来办"),
        why=why,
        instead=(*bring, *go_to(region.service(service).place)),
        rule="proxy.papers" if wanted else "",
        cited=region.of_business(papers_of, business) if wanted else None,
    )


def proxy_minor(region: Region) -> Ended:
    """Who stands there is a minor. No handbook speaks of it: the Civil Code's age, by inference."""
    return refused(
        region,
        reason="proxy_minor",
        code="R-82",
        title=say("代办的人要满 {age} 岁", age=ADULT_FROM),
        why=say("您还没有满 {age} 岁，不能替别人办。", age=ADULT_FROM),
        instead=(say("请一位成年人，带上两个人的身份证来办。"),),
    )


def one_id_card_twice(region: Region) -> Ended:
    """The same person's ID card was laid down for both, again and again."""
    return refused(
        region,
        reason="one_id_card_twice",
        code="R-83",
        title=say("两次放的是同一个人的身份证"),
        why=say("替别人办，要放您自己的，再放对方的。"),
        instead=(say("请拿着对方的身份证原件再来。"), say("给自己办的，请重来一次，选“给自己办”。")),
    )


def holder_adult(region: Region) -> Ended:
    """A guardian's way was chosen for somebody who is grown up."""
    return refused(
        region,
        reason="holder_adult",
        code="R-84",
        title=say("对方已经满 {age} 岁了", age=ADULT_FROM),
        why=say("大人的事，要本人同意，才能请人代办。"),
        instead=(say("请重来一次，选“替别人办”。"), say("本人不能自己做主的，请到窗口问。")),
    )
