"""Pages made of a pack's rules, for whoever is sent on."""

from collections.abc import Iterable

import pytest

from kiosk.journeys import counter_words
from kiosk.journeys.guide import MOST_LINES, guide
from kiosk.journeys.views import Explain
from kiosk.policy.counter import Business, Doer, Paper, PhotoDemand
from kiosk.records.filings import IssuedPaper
from kiosk.records.transaction import Service
from tests.journeys.test_temporary_loss import filled
from tests.journeys.world import region

REGIONS = ("zhumadian", "guizhou", "qingdao", "jiangxi", "beijing", "yunling")


def texts(pages: Iterable[Explain]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for page in pages:
        found.setdefault(filled(page.title), []).extend(filled(line) for line in page.lines)
    return found


def test_every_word_of_a_counter_has_words() -> None:
    assert set(counter_words.PAPERS) == set(Paper)
    assert set(counter_words.DOERS) == set(Doer)
    assert set(counter_words.PHOTO_DEMANDS) == set(PhotoDemand)
    assert set(counter_words.BUSINESS) == set(Business)
    assert set(counter_words.ISSUED) == set(IssuedPaper)


def test_beijings_changed_data_in_their_order_with_the_employers_part() -> None:
    pages = texts(guide(region("beijing"), Service.DATA_CHANGE))
    steps = [title for title in pages if title.startswith("第")]
    assert steps == ["第 1 步，本人去办", "第 2 步，单位去办", "第 3 步，本人去办"]
    assert pages["第 2 步，单位去办"] == [
        "去哪里：参保地的区县社保中心",
        "办什么：变更个人基本信息",
        "带：《个人信息变更表》、身份证复印件、户口本复印件",
    ]


def test_guizhous_cancelling_ends_at_the_bank_with_the_notice() -> None:
    pages = texts(guide(region("guizhou"), Service.CANCELLING))
    assert pages["第 2 步，本人去办"] == [
        "去哪里：制卡银行",
        "办什么：凭通知书注销银行功能，卡由银行收回",
        "带：销卡通知书",
    ]
    assert pages["本人来不了"] == ["可以请人代办销卡。", "带：代办人身份证、本人身份证、社会保障卡"]


def test_jiangxi_lets_somebody_be_sent_with_both_ids_and_its_form() -> None:
    pages = texts(guide(region("jiangxi"), Service.CARD_APPLICATION))
    assert pages == {
        "本人来不了": [
            "可以请人代办申领。",
            "带：本人身份证、身份证复印件、代办人身份证、代办人身份证复印件、《社会保障卡业务代理委托书》",
        ]
    }


def test_qingdao_wants_the_holder_and_names_who_helps() -> None:
    pages = texts(guide(region("qingdao"), Service.CARD_APPLICATION))
    assert pages["本人来不了"] == ["这件事要本人来办。", "年老、生病、残疾等来不了的，找发卡银行，银行会帮忙办"]


@pytest.mark.parametrize("key", REGIONS)
@pytest.mark.parametrize("service", Service)
def test_no_page_is_empty_or_crowded(key: str, service: Service) -> None:
    for page in guide(region(key), service):
        assert 1 <= len(page.lines) <= MOST_LINES


@pytest.mark.parametrize("key", REGIONS)
def test_what_no_rule_speaks_of_has_no_page(key: str) -> None:
    for service in (Service.CARD_QUERY, Service.PIN_CHANGE, Service.TEMPORARY_LOSS, Service.FILING_PROGRESS):
        assert guide(region(key), service) == ()
