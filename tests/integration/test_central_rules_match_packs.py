"""The centre's rules and the terminals' packs say the same, though each side loads a file of its own."""

from pathlib import Path

import msgspec
import pytest

from central.command_line import main
from central.region_rules import (
    InstantRule,
    ReasonCodes,
    RegionRule,
    RegionRulesRefused,
    StateCodes,
    load_region_rules,
)
from central.settings import load_settings
from kiosk.policy.card_rules import ReplacementReason as Why
from kiosk.policy.card_rules import VoidFrom
from kiosk.policy.counter import Paper, Side
from kiosk.policy.pack import Identification, LiftedBy, Pack, Unit, load_pack
from kiosk.policy.region import BUSINESS_OF, Region
from kiosk.records.card import CardState
from kiosk.records.filings import MATTER_KEYS, IssuedPaper
from kiosk.records.issuance import ReplacementReason
from kiosk.records.portrait import NATIONAL_KB
from kiosk.records.transaction import Service
from tests.centre import REGION_RULES, REPOSITORY

DEMO_RULES = REPOSITORY / "config" / "demo" / "region_rules.toml"
PACKS = sorted((REPOSITORY / "config" / "regions").glob("*.toml"))
YUNLING = REPOSITORY / "tests" / "regions" / "yunling.toml"
NUMBERS = "card_number_prefix = 'N11'\nregion_code = '110000'\ncollection_place = '窗口'"
# Typed from the handbooks: Beijing Q6, Jiangxi §3. No shipped region opens lifting to a terminal.
DAYS = {"beijing": 10, "jiangxi": 5, "guizhou": None, "qingdao": None, "zhumadian": None, "yunling": 3}

FILED = (
    Service.CARD_APPLICATION, Service.OFFSITE_CARE, Service.DATA_CHANGE, Service.CANCELLING, Service.CARD_REPLACEMENT,
)  # fmt: skip


def says(pack: Pack) -> RegionRule:
    """What a pack wants the centre to do."""
    term = pack.loss.validity.value
    assert term is None or term.unit is Unit.DAYS  # another unit would be another reckoning at the centre
    lifted_by = Region(pack).lifted_by if pack.services[Service.LOSS_LIFTING].self_service.value else frozenset()
    open_here = {service for service, rules in pack.services.items() if rules.self_service.value}
    if not pack.replacement.order_here.value:
        open_here.discard(Service.CARD_REPLACEMENT)  # it may be made here, but nobody files it
    ordered = Service.CARD_REPLACEMENT in open_here
    papers = [kind.value for kind in IssuedPaper if Service.PAPERS in open_here and pack.papers[kind].issued.value]
    holds, emergency = pack.papers[IssuedPaper.TEMPORARY_CARD].term.value, pack.offsite.emergency_term.value
    portrait = pack.portrait.file_size.value
    assert holds is None or holds.unit is Unit.MONTHS
    assert emergency is None or emergency.unit is Unit.WORKING_DAYS
    return RegionRule(
        temporary_loss_days=None if term is None else term.count,
        temporary_loss_typed=(
            bool(pack.services[Service.TEMPORARY_LOSS].self_service.value)
            and Identification.TYPED in (pack.loss.identified_by.value or ())
        ),
        lifting=LiftedBy.CARD in lifted_by,
        lifting_by_id_card=LiftedBy.ID_CARD in lifted_by,
        lifting_until_replacement=bool(lifted_by) and bool(pack.loss.lifting_until_replacement.value),
        proxies=tuple(
            service.value
            for service, business in BUSINESS_OF.items()
            if service in open_here and Region(pack).may_send(business)
        ),
        minor_below=pack.application.minor_below.value if Service.CARD_APPLICATION in open_here else None,
        filings=(*(service.value for service in FILED if service in open_here), *papers),
        temporary_card_months=holds.count if papers and holds is not None else None,
        offsite_emergency_working_days=(
            emergency.count if Service.OFFSITE_CARE in open_here and emergency is not None else None
        ),
        order_reasons=ordered_for(pack) if ordered else (),
        lost_reported_first=ordered and Side.SOCIAL in (pack.replacement.lost_first.value or ()),
        formal_loss=bool(pack.services[Service.FORMAL_LOSS].self_service.value),
        activation=Service.CARD_ACTIVATION in open_here,
        activation_by_id_card=Service.CARD_ACTIVATION in open_here
        and not {Paper.ID, Paper.ID_CARD}.isdisjoint(pack.activation.papers.value or ()),
        activation_contact=tuple(
            one.value for one in pack.activation.contact_data.value or () if Service.CARD_ACTIVATION in open_here
        ),
        acceptance_ends_card=pack.replacement.old_card_void.value is VoidFrom.REPLACEMENT_ACCEPTED,
        e_card_stops=bool(pack.ecard.stops_with_card.value),
        portrait_kb=NATIONAL_KB if portrait is None else (portrait.least_kb, portrait.most_kb),
    )


WHY = {
    Why.LOST: ReplacementReason.LOST,
    Why.DAMAGED: ReplacementReason.DAMAGED,
    Why.WORN: ReplacementReason.DAMAGED,
    Why.UNREADABLE: ReplacementReason.DAMAGED,
    Why.EXPIRED: ReplacementReason.RENEWED,
    Why.NAME_CHANGED: ReplacementReason.IDENTITY_CHANGED,
    Why.NUMBER_CHANGED: ReplacementReason.IDENTITY_CHANGED,
    Why.ETHNIC_GROUP_CHANGED: ReplacementReason.IDENTITY_CHANGED,
    Why.PHOTO_CHANGED: ReplacementReason.IDENTITY_CHANGED,
    Why.INSURANCE_DATA_CHANGED: ReplacementReason.OTHER,
    Why.MISPRINTED: ReplacementReason.OTHER,
    Why.OTHER_BANK: ReplacementReason.BANK_CHANGED,
}
"""A handbook's words as systems write them down."""


def ordered_for(pack: Pack) -> tuple[ReplacementReason, ...]:
    """Why somebody orders a new card at a terminal: not where an office has to see papers first."""
    first = pack.replacement.window_first.value or ()
    reasons = {WHY[why] for why in pack.replacement.reasons.value or () if why not in first}
    return tuple(reason for reason in ReplacementReason if reason in reasons)


def made_at_once(pack: Pack) -> tuple[int, frozenset[ReplacementReason]] | None:
    """What a new card costs, and for which reasons the pack lets a terminal make it."""
    rules = pack.replacement
    if not rules.instant_here.value:
        return None
    return rules.fee_fen.value or 0, frozenset(WHY[why] for why in rules.reasons.value or ())


def costs(instant: InstantRule | None) -> tuple[int, frozenset[ReplacementReason]] | None:
    """The same as the centre has it."""
    return None if instant is None else (instant.fee_fen, frozenset(instant.reasons))


def without_codes(rule: RegionRule) -> RegionRule:
    """No handbook prints a code, so no pack has one; nor the numbers and places of new cards."""
    return msgspec.structs.replace(rule, states=StateCodes(), reasons=ReasonCodes(), instant=None)


@pytest.mark.parametrize("rules", [DEMO_RULES, REGION_RULES], ids=["demo", "tests"])
@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_the_centre_keeps_the_packs_terms(path: Path, rules: Path) -> None:
    rule = load_region_rules(rules).of(path.stem)
    assert without_codes(rule) == says(load_pack(path))
    assert costs(rule.instant) == made_at_once(load_pack(path))
    # 000 §4.3, and its operator: sixteen yuan. The others' handbooks name windows, and no operator has opened more.
    assert (rule.instant is not None) is (path.stem == "zhumadian")
    assert rule.instant is None or rule.instant.fee_fen == 1600
    assert rule.temporary_loss_days == DAYS[path.stem]
    assert not rule.lifting
    assert not rule.lifting_by_id_card
    assert not rule.formal_loss
    # Beijing Q8, Q11 and 注意 9; Qingdao 五, 六; Zhumadian §4.1, §4.3: and their operators.
    assert " ".join(reason.value for reason in rule.order_reasons) == {
        "beijing": "lost damaged",
        "qingdao": "lost damaged renewed",
        "zhumadian": "lost damaged identity_changed bank_changed",
    }.get(path.stem, "")
    assert rule.lost_reported_first is bool(rule.order_reasons)
    # Jiangxi 线上业务办理指南; the others' handbooks let nobody type.
    assert rule.temporary_loss_typed is (path.stem == "jiangxi")
    # Qingdao 使用须知第三条; Zhumadian §7.5.
    assert rule.acceptance_ends_card is (path.stem == "qingdao")
    assert rule.e_card_stops is (path.stem == "zhumadian")
    # Zhumadian §3.1, and its operator.
    assert rule.activation is (path.stem == "zhumadian")
    assert rule.activation_by_id_card is rule.activation
    assert not rule.activation_contact


def test_the_fictional_region_opens_lifting() -> None:
    rule = load_region_rules(REGION_RULES).of("yunling")
    assert without_codes(rule) == says(load_pack(YUNLING))
    assert costs(rule.instant) == made_at_once(load_pack(YUNLING)) == (2000, frozenset(ReplacementReason))
    assert without_codes(rule) == RegionRule(
        temporary_loss_days=3,
        temporary_loss_typed=True,
        lifting=True,
        lifting_by_id_card=True,
        lifting_until_replacement=True,
        filings=tuple(sorted(MATTER_KEYS, key=rule.filings.index)),
        proxies=("card_application", "cancelling", "card_replacement"),
        order_reasons=tuple(ReplacementReason),
        lost_reported_first=True,
        minor_below=16,
        temporary_card_months=2,
        offsite_emergency_working_days=4,
        formal_loss=True,
        activation=True,
        activation_by_id_card=True,
        activation_contact=("phone", "address", "postcode"),
        e_card_stops=True,
        portrait_kb=(20, 60),
    )
    assert load_region_rules(DEMO_RULES).of("yunling") == RegionRule()


def test_no_rule_is_left_over() -> None:
    assert set(load_region_rules(DEMO_RULES).by_region) <= {path.stem for path in PACKS}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[beijing]\ntemporary_loss_day = 10", "temporary_loss_day"),
        ("[beijing]\ntemporary_loss_days = 0", "temporary_loss_days"),
        ("[beijing]\ntemporary_loss_days = 3661", "temporary_loss_days"),
        ('[beijing]\ntemporary_loss_days = "10"', "temporary_loss_days"),
        ("[beijing]\ntemporary_loss_days = 2.5", "temporary_loss_days"),
        ("[beijing]\nlifting = 1", "lifting"),
        ("[beijing]\nlifting_by_id_card = 'yes'", "lifting_by_id_card"),
        ("[beijing]\ntemporary_loss_typed = 'yes'", "temporary_loss_typed"),
        ("[beijing]\nlifting_until_replacement = true", "lifting"),
        ("[beijing]\nformal_loss = 'yes'", "formal_loss"),
        ("[beijing]\nproxies = ['card_application']", "proxies"),
        ("[beijing]\norder_reasons = ['lost']", "order_reasons"),
        ("[beijing]\nfilings = ['card_replacement']", "order_reasons"),
        ("[beijing]\nfilings = ['card_replacement']\norder_reasons = ['stolen']", "order_reasons"),
        ("[beijing]\nlost_reported_first = true", "lost_reported_first"),
        ("[beijing]\nminor_below = 0", "minor_below"),
        ("[beijing]\nportrait_kb = [0, 40]", "portrait_kb"),
        ("[beijing]\nportrait_kb = [14]", "portrait_kb"),
        ("[beijing]\nportrait_kb = [40, 14]", "portrait_kb"),
        ("[beijing]\nportrait_kb = [14, 201]", "portrait_kb"),
        ("[beijing.states]\nnormal = 1", "normal"),
        ("[beijing.states]\nnormal = '9'", "code of its own"),
        ("[beijing.states]\nnormal = ''", "normal"),
        ("[beijing.states]\nnormal = 'ordinary'", "normal"),
        ("[beijing.states]\nmislaid = '5'", "mislaid"),
        ("[beijing.instant]\nreasons = ['lost']", "card_number_prefix"),
        ("[beijing.instant]\nreasons = []", "reasons"),
        ("[beijing.instant]\nreasons = ['stolen']", "reasons"),
        (f"[beijing.instant]\nreasons = ['lost']\nfree_reasons = ['other']\n{NUMBERS}", "free_reasons"),
        (f"[beijing.instant]\nreasons = ['lost']\nfee_fen = -1\n{NUMBERS}", "fee_fen"),
        (f"[beijing]\nacceptance_ends_card = true\n[beijing.instant]\nreasons = ['lost']\n{NUMBERS}", "contradict"),
        ("[beijing.reasons]\nlost = '12'", "code of its own"),
        ("[beijing.reasons]\nlost = 'l'", "lost"),
        ("[beijing.reasons]\nstolen = '13'", "stolen"),
        ("[Beijing]\nlifting = true", "Beijing"),
        ("lifting = true", "lifting"),
        ("[beijing\n", "rules.toml"),
        ("[beijing]\n# \udcff", "rules.toml"),
    ],
)
def test_rules_are_read_strictly(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RegionRulesRefused, match=word):
        load_region_rules(file)


def test_codes_are_the_regions_own() -> None:
    yunling = load_region_rules(REGION_RULES).of("yunling")
    assert [yunling.states.code_of(state) for state in CardState] == ["00", "10", "2F", "30", "2L", "99"]
    assert [yunling.states.state_of(code) for code in ("00", "10", "2F", "30", "2L", "99")] == list(CardState)
    assert [yunling.reasons.code_of(reason) for reason in ReplacementReason] == ["L", "D", "I", "B", "R", "X"]
    assert [yunling.reasons.reason_of(code) for code in "LDIBRX"] == list(ReplacementReason)
    with pytest.raises(LookupError):
        yunling.states.state_of("1")
    with pytest.raises(LookupError):
        yunling.reasons.reason_of("11")


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_the_demos_codes_are_those_that_were_seen(path: Path) -> None:
    """Of no province's in particular; said in full, so that an operator has something to put their own in place of."""
    written = msgspec.toml.decode(DEMO_RULES.read_bytes())[path.stem]
    assert written["states"] == {
        "sealed": "0", "normal": "1", "lost": "2", "locked": "3", "temporarily_lost": "4", "cancelled": "9",
    }  # fmt: skip
    assert written["reasons"] == {
        "lost": "11", "damaged": "12", "identity_changed": "22", "bank_changed": "23", "renewed": "80", "other": "90",
    }  # fmt: skip


def test_a_centre_takes_its_rules_over_and_does_without_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, bare = tmp_path / "made", tmp_path / "bare"
    assert main(["init", str(made), "--region-rules", str(DEMO_RULES)]) == 0
    assert main(["init", str(bare)]) == 0
    settings = load_settings(made / "centre.toml")
    assert load_region_rules(settings.region_rules) == load_region_rules(DEMO_RULES)
    assert load_region_rules(load_settings(bare / "centre.toml").region_rules).by_region == {}
    assert load_region_rules(msgspec.structs.replace(settings, region_rules=None).region_rules).by_region == {}
    (made / "region_rules.toml").write_text("[beijing]\ncolour = 'red'")
    assert main(["migrate", str(made)]) == 0
    assert main(["serve", str(made)]) == 1
    assert "colour" in capsys.readouterr().err
