"""The power is cut in the middle of replacements, and who is not the terminal says what came of them; so it can fail.

KIOSK_REPLACEMENTS sets how many there are; KIOSK_SEED repeats a run.
"""

import os

import pytest

from tests.e2e.replacements import campaign
from tests.e2e.replacements.plan import Fault

REPLACEMENTS = int(os.environ.get("KIOSK_REPLACEMENTS", "12"))
SEED = int(os.environ.get("KIOSK_SEED", "177"))
pytestmark = pytest.mark.stack


def test_whatever_is_cut_nobody_has_two_cards_or_none_and_every_blank_is_somewhere() -> None:
    verdict, fates = campaign.run(campaign.Order(REPLACEMENTS, SEED, terminals=3, postgres=False))
    assert verdict.sound, verdict
    assert verdict.replacements == len(fates) == REPLACEMENTS
    assert verdict.cuts >= REPLACEMENTS // 2
    assert verdict.issued
    assert verdict.abandoned
    assert all(case.explained_by for case in verdict.open_cases)


def test_with_the_duplicate_check_off_one_job_makes_two_cards_and_the_verdict_says_so() -> None:
    order = campaign.Order(1, SEED, terminals=1, postgres=False, fault=Fault.TRIED_AGAIN)
    found = campaign.run_broken("duplicate-check-off", order)
    assert not found["sound"]
    assert any("printed on 2 cards" in wrong for wrong in found["doubles"]), found
