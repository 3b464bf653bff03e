"""The centre's rules and the terminals' packs say the same, though each side loads a file of its own."""

from pathlib import Path

import msgspec
import pytest

from central.command_line import main
from central.region_rules import RegionRule, RegionRulesRefused, load_region_rules
from central.settings import load_settings
from kiosk.policy.pack import Pack, Unit, load_pack
from kiosk.records.filings import MATTER_KEYS, IssuedPaper
from kiosk.records.transaction import Service
from tests.centre import REGION_RULES, REPOSITORY

DEMO_RULES = REPOSITORY / "config" / "demo" / "region_rules.toml"
PACKS = sorted((REPOSITORY / "config" / "regions").glob("*.toml"))
YUNLING = REPOSITORY / "tests" / "regions" / "yunling.toml"
# Typed from the handbooks: Beijing Q6, Jiangxi §3. No shipped region opens lifting to a terminal.
DAYS = {"beijing": 10, "jiangxi": 5, "guizhou": None, "qingdao": None, "zhumadian": None, "yunling": 3}

FILED = (Service.CARD_APPLICATION, Service.OFFSITE_CARE, Service.DATA_CHANGE, Service.CANCELLING)


def says(pack: Pack) -> RegionRule:
    """What a pack wants the centre to do."""
    term = pack.loss.validity.value
    assert term is None or term.unit is Unit.DAYS  # another unit would be another reckoning at the centre
    lifting = bool(pack.services[Service.LOSS_LIFTING].self_service.value)
    open_here = {service for service, rules in pack.services.items() if rules.self_service.value}
    papers = [kind.value for kind in IssuedPaper if Service.PAPERS in open_here and pack.papers[kind].issued.value]
    holds, emergency = pack.papers[IssuedPaper.TEMPORARY_CARD].term.value, pack.offsite.emergency_term.value
    assert holds is None or holds.unit is Unit.MONTHS
    assert emergency is None or emergency.unit is Unit.WORKING_DAYS
    return RegionRule(
        temporary_loss_days=None if term is None else term.count,
        lifting=lifting,
        lifting_until_replacement=lifting and bool(pack.loss.lifting_until_replacement.value),
        filings=(*(service.value for service in FILED if service in open_here), *papers),
        temporary_card_months=holds.count if papers and holds is not None else None,
        offsite_emergency_working_days=(
            emergency.count if Service.OFFSITE_CARE in open_here and emergency is not None else None
        ),
    )


@pytest.mark.parametrize("rules", [DEMO_RULES, REGION_RULES], ids=["demo", "tests"])
@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_the_centre_keeps_the_packs_terms(path: Path, rules: Path) -> None:
    rule = load_region_rules(rules).of(path.stem)
    assert rule == says(load_pack(path))
    assert rule.temporary_loss_days == DAYS[path.stem]
    assert not rule.lifting


def test_the_fictional_region_opens_lifting() -> None:
    rule = load_region_rules(REGION_RULES).of("yunling")
    assert rule == says(load_pack(YUNLING))
    assert rule == RegionRule(
        temporary_loss_days=3,
        lifting=True,
        lifting_until_replacement=True,
        filings=tuple(sorted(MATTER_KEYS, key=rule.filings.index)),
        temporary_card_months=2,
        offsite_emergency_working_days=4,
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
        ("[beijing]\nlifting_until_replacement = true", "lifting"),
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
