"""What the tour leaves out: every service of every region is visited, and every refusal is met, or tried by a test."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import pytest

from kiosk.journeys.refusals import not_offered
from kiosk.journeys.views import Refusal
from kiosk.policy.pack import load_packs
from kiosk.policy.region import Region
from kiosk.records.transaction import Service
from simulators.stand.requirements import REPOSITORY
from tests.e2e.tour.__main__ import Served
from tests.e2e.tour.matrix import SERVICES, matrix
from tests.e2e.tour.observation import Observed
from tests.e2e.tour.stories import STORIES
from tests.e2e.tour.table import Expected, Table, load_table

JOURNEYS: Final = REPOSITORY / "kiosk" / "journeys"
TESTS: Final = REPOSITORY / "tests" / "journeys"

MET: Final[Mapping[str, tuple[str, ...]]] = {
    "not_offered": (
        "zhumadian-not-here",
        "beijing-not-here",
        "qingdao-not-here",
        "jiangxi-not-here",
    ),
    "not_a_social_security_card": ("zhumadian-bank-only", "zhumadian-blank"),
    "other_region": ("zhumadian-card-elsewhere",),
    "expired": ("zhumadian-expired",),
    "not_proved": ("zhumadian-clone",),
    "card_state": ("beijing-lost-card",),
    "pin_locked": ("zhumadian-locked", "qingdao-locked"),
    "initial_pin_in_use": ("zhumadian-initial-pin",),
    "pin_untypable": ("beijing-pin-with-x",),
    "needs_centre": ("beijing-offline", "jiangxi-query-offline", "yunling-found-offline"),
    "already_reported": ("beijing-loss-again",),
    "formally_lost": ("beijing-loss-formally-lost",),
    "unknown_holder": ("beijing-loss-another-name",),
    "id_expired": ("beijing-loss-id-expired",),
    "cancelled_card": ("beijing-loss-cancelled",),
    "replaced_card": ("beijing-loss-replaced", "yunling-loss-replaced"),
    "not_reported": ("yunling-found-again",),
    "nothing_to_rest_on": ("yunling-papers",),
    "late": ("yunling-offsite-emergency",),
    "activation_not_here": ("jiangxi-not-here",),
}
"""By the function that makes it: journeys of the tour."""

TRIED: Final[Mapping[str, tuple[str, ...]]] = {
    "not_ready": ("test_a_centre_that_declines_is_told_as_that",),
    "change_refused": ("test_chip_that_refuses_the_change_says_so",),
    "too_many_attempts": ("test_it_ends_kindly_when_nothing_settles",),
    "no_identification": ("test_without_a_reader_and_without_typing_it_is_refused_before_anything_begins",),
    "no_card_slot": ("test_without_a_card_slot_nothing_that_wants_a_card_begins",),
    "no_pin_pad": ("test_without_a_pin_pad_nothing_that_wants_a_pin_begins",),
    "no_id_reader": ("test_without_a_reader_of_id_cards_nothing_begins",),
    "id_unreadable": ("test_what_can_not_be_read_three_times_is_refused",),
    "id_number_unsound": ("test_a_card_that_may_not_be_used_is_refused_in_its_own_words",),
    "id_birth_date_contradicts": ("test_a_card_that_may_not_be_used_is_refused_in_its_own_words",),
    "id_not_yet_valid": ("test_a_card_that_may_not_be_used_is_refused_in_its_own_words",),
    "replacement_running": ("test_each_answer_has_its_own_refusal",),
    "not_lifted_any_more": ("test_each_answer_is_its_own",),
    "never_activated": ("test_each_answer_has_its_own_refusal",),
    "already_filed": ("test_each_verdict_is_its_own",),
    "unknown_person": ("test_each_verdict_is_its_own",),
    "not_insured": ("test_each_verdict_is_its_own",),
    "has_card": ("test_each_verdict_is_its_own",),
    "no_card": ("test_each_verdict_is_its_own",),
    "no_papers": ("test_where_no_paper_is_stated_that_is_said",),
    "no_offsite_groups": ("test_where_the_pack_names_no_groups_none_is_invented",),
    "no_data_to_change": ("test_where_no_datum_is_stated_none_is_offered",),
    "no_steps_after_death": ("test_where_no_step_after_a_death_is_stated_none_is_invented",),
    "_to_be_started": ("test_states_that_may_not_be_used",),
    "already_activated": ("test_each_verdict_is_its_own",),
    "another_card": ("test_each_verdict_is_its_own",),
    "not_the_card_holder": ("test_anothers_id_card_starts_nothing",),
    "id_card_wanted": ("test_each_answer_has_its_own_refusal",),
    "not_by_proxy": ("test_each_verdict_is_its_own",),
    "papers_missing": ("test_whoever_has_not_all_with_them_is_told_what_to_bring_and_where",),
    "proxy_minor": ("test_a_proxy_is_grown_up_on_their_eighteenth_birthday",),
    "one_id_card_twice": ("test_nobody_is_their_own_proxy",),
    "holder_adult": ("test_a_guardian_acts_for_nobody_who_is_grown_up",),
    "needs_guardian": ("test_a_child_is_sent_to_a_window_with_its_guardian",),
    "report_first": ("test_each_verdict_on_an_order_is_its_own",),
    "reported_lost": ("test_each_verdict_on_an_order_is_its_own",),
    "being_made": ("test_each_verdict_on_an_order_is_its_own",),
    "waits_for_you": ("test_what_the_centre_says_no_to",),
    "papers_first": ("test_papers_that_an_office_must_see_first_are_no_terminals_affair",),
    "no_reasons": ("test_a_pack_without_reasons_is_refused_with_its_place",),
    "face_not_right": ("test_what_is_wrong_on_the_card_is_not_printed_and_not_paid_for",),
    "not_paid": ("test_not_paid_in_time",),
    "paid_too_late": ("test_what_came_too_late_goes_back",),
    "time_over": ("test_a_reservation_that_has_run_out",),
}
"""By the same: tests of the journeys, where no demo citizen can come there, or only by a device that is broken."""


LONG: Final = 8
"""Characters of a text by which a refusal is told from others."""


class Noted:
    """A citizen who does nothing and remembers what a story wants: the services chosen, and the words looked for."""

    language = "zh"

    def __init__(self) -> None:
        self.chosen: list[str] = []
        self.looked_for: list[str] = []

    def chooses(self, service: str) -> None:
        self.chosen.append(service)

    def sees(self, name: str, **_: float) -> None:
        self.looked_for.append(name)

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


@cache
def told(journey: str) -> Noted:
    citizen = Noted()
    STORIES[journey](citizen)  # type: ignore[arg-type]  # as much of a citizen as a story needs
    return citizen


@cache
def table() -> Table:
    return load_table()


@cache
def rows() -> dict[str, Expected]:
    return {row.name: row for row in table().journeys}


def words_on_the_way(journey: str) -> list[str]:
    """What must have stood on the screens of a journey."""
    words = table().words["zh"]
    return [*rows()[journey].final, *(words[name] for name in told(journey).looked_for)]


def cells() -> Iterator[tuple[str, Service]]:
    packs = {**load_packs(REPOSITORY / "config" / "regions"), **load_packs(REPOSITORY / "tests" / "regions")}
    for key in packs:
        for service in Service:
            # The fictional region's handbook has articles for tests alone.
            if key != "yunling" or service is not Service.ASK_HANDBOOK:
                yield key, service


@pytest.mark.parametrize(("region", "service"), list(cells()), ids=lambda value: getattr(value, "value", value))
def test_every_service_of_every_region_is_visited(region: str, service: Service) -> None:
    there = [name for name, row in rows().items() if row.region == region]
    assert any(service in {SERVICES[one] for one in told(name).chosen} for name in there)


class Kind(NamedTuple):
    """A refusal as its function writes it."""

    code: str
    texts: frozenset[str]
    """All that stands in quotation marks there: reason, title, what to do."""


@cache
def kinds() -> dict[str, Kind]:
    """Every function of the journeys that makes a refusal with a code of its own."""
    found: dict[str, Kind] = {}
    for path in JOURNEYS.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and _calls_refused(node):
                constants = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
                texts = frozenset(text for text in constants if isinstance(text, str))
                for code in (text for text in texts if re.fullmatch(r"[A-Z]-\d\d", text)):
                    found[node.name] = Kind(code, texts)
    return found


def _calls_refused(function: ast.FunctionDef) -> bool:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(getattr(call, "id", getattr(call, "attr", "")) == "refused" for call in calls)


def stands_in(text: str, shown: str) -> bool:
    """Whether a text, its gaps filled, is what was shown."""
    return re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)), shown) is not None


def test_every_refusal_is_met_or_tried() -> None:
    assert set(kinds()) == set(MET) | set(TRIED)
    assert not set(MET) & set(TRIED)


@pytest.mark.parametrize("kind", MET)
def test_a_refusal_that_is_met_stands_on_the_journeys_screens(kind: str) -> None:
    said = kinds()[kind].texts
    for journey in MET[kind]:
        assert any(stands_in(text, shown) for text in said for shown in words_on_the_way(journey)), journey


@pytest.mark.parametrize("kind", TRIED)
def test_a_refusal_that_is_tried_stands_in_the_test(kind: str) -> None:
    code, texts = kinds()[kind]
    wanted = {code, *(text for text in texts if len(text) >= LONG)}
    for name in TRIED[kind]:
        assert any(text in source for text in wanted for source in sources()[name]), name


@cache
def sources() -> dict[str, list[str]]:
    """The source of every test of the journeys by its name, its parameters included."""
    found: dict[str, list[str]] = {}
    for path in TESTS.glob("test_*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.parse("\n".join(lines)).body:
            if isinstance(node, ast.FunctionDef):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                found.setdefault(node.name, []).append("\n".join(lines[first - 1 : node.end_lineno]))
    return found


def test_the_walk_from_tile_to_tile_goes_to_refused_ones_only() -> None:
    for key, pack in load_packs(REPOSITORY / "config" / "regions").items():
        visited = {SERVICES[one] for one in told(f"{key}-not-here").chosen}
        assert not any(Region(pack).offers(service) for service in visited), key


def visit(journey: str, service: Service, *, ok: bool = True) -> Served:
    """A journey that chose a service and left nothing at the centre."""
    row = rows()[journey]
    seen = Observed(final=row.final, entries=[], verdicts=[], outcome="", reason="", effects=0)
    return Served(
        journey=journey, region=row.region, about=row.about, steps=[], services=[service.value], expected=row,
        outcome=seen, seconds=1.0, ledger_sequence=None, centre_row=None, ok=ok,
    )  # fmt: skip


def test_a_cell_of_the_matrix_tells_outcome_and_source_as_the_citizen_reads_them() -> None:
    packs = REPOSITORY / "config" / "regions"
    served = [
        visit("zhumadian-not-here", Service.FORMAL_LOSS),
        visit("zhumadian-handbook", Service.ASK_HANDBOOK),
        visit("guizhou-not-here", Service.FORMAL_LOSS, ok=False),
    ]
    found = {row.region: {cell.service: cell for cell in row.cells} for row in matrix(packs, served)}
    assert [one.outcome for one in found["zhumadian"]["formal_loss"].visits] == ["refused"]
    assert [one.outcome for one in found["zhumadian"]["ask_handbook"].visits] == ["told"]
    assert [one.outcome for one in found["guizhou"]["formal_loss"].visits] == ["missed"]
    assert found["guizhou"]["formal_loss"].source == "《贵州省本级社会保障卡问答（原件未见标题）》（约 2012） 第五问"
    for key, pack in load_packs(packs).items():
        for service in Service:
            region, cell = Region(pack), found[key][service.value]
            if not region.offers(service):
                (refusal, *_) = not_offered(region, service).ending.views
                assert isinstance(refusal, Refusal)
                shown = refusal.citation
                assert (shown is None and not cell.source) or (
                    shown is not None
                    and cell.source.startswith(f"《{shown.title}》")
                    and cell.source.endswith(shown.section)
                )
