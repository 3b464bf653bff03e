"""Making a centre, letting terminals in, serving: the operator's commands, its page and its description."""

import json
import re
import secrets
import signal
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import requests
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import inspect, select, text

from central.card_keys import Algorithm, CardMasterKeys, KeyUse
from central.command_line import main
from central.database import Database
from central.enrolment import EnrolmentRequest, PadOfTerminal, PublicDetails
from central.seed import SeedHolder, load_seed
from central.settings import SettingsRefused, load_settings
from central.tables import Base, Card, CentrePin, Terminal, TerminalLedger
from kiosk.records.filings import CardApplication, FilingVerdict, IssuedPaper, Paper
from kiosk.records.upload import Receipt
from tests.centre import (
    CARD_MASTER_KEYS,
    REPOSITORY,
    SEED,
    YUNLING_SEED,
    LedgerWriter,
    RunningCentre,
    a_transaction,
)
from tests.integration.test_central_filings import IN_PRODUCTION, PROXY, WITHOUT_CARD, a_matter
from tests.integration.test_central_filings import file as hand_in
from tests.integration.test_central_loss_reports import YUNLING as LOST
from tests.integration.test_central_loss_reports import a_report, ask

CARDS = REPOSITORY / "simulators" / "cards"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A centre made by command, migrated."""
    made = tmp_path / "made"
    assert main(["init", str(made), "--card-master-keys", str(CARD_MASTER_KEYS)]) == 0
    assert main(["migrate", str(made)]) == 0
    return made


def a_request(path: Path, **other: object) -> EnrolmentRequest:
    request = EnrolmentRequest(
        terminal="zmd-0001",
        region="zhumadian",
        public_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw(),
        ledger_id=secrets.token_bytes(16),
        pad=PadOfTerminal(serial="PAD00001", master_key=secrets.token_bytes(16)),
    )
    request = msgspec.structs.replace(request, **other)
    path.write_bytes(msgspec.json.encode(request))
    return request


def a_session(centre: RunningCentre) -> requests.Session:
    session = requests.Session()
    session.trust_env, session.verify = False, str(centre.ca_file)
    return session


def test_init_keeps_its_secrets(directory: Path) -> None:
    secret = {
        "ca.key",
        "server.key",
        "signing.key",
        "opening.key",
        "storage.key",
        "card_master_keys.json",
        "centre.toml",
    }
    assert secret <= {path.name for path in directory.iterdir()}
    assert {name: stat.S_IMODE((directory / name).stat().st_mode) for name in secret} == dict.fromkeys(secret, 0o600)


def test_init_overwrites_nothing(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (directory / "signing.key").read_bytes()
    assert main(["init", str(directory)]) == 1
    assert "centre.toml" in capsys.readouterr().err
    assert (directory / "signing.key").read_bytes() == before


def test_the_card_keys_are_random_unless_given(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main(["init", str(tmp_path / name)]) == 0
    one, two = (CardMasterKeys.load(tmp_path / name / "card_master_keys.json") for name in ("one", "two"))
    assert one != two


def test_public_tells_what_a_terminal_needs(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["public", str(directory)]) == 0
    told = msgspec.json.decode(capsys.readouterr().out, type=PublicDetails)
    Ed25519PublicKey.from_public_bytes(told.signing_key)
    X25519PublicKey.from_public_bytes(told.opening_key)
    assert told.key_id == "centre-1"
    assert Path(told.ca_certificate).read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_a_terminal_is_enrolled_once(directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "request.json"
    request = a_request(file)
    for _ in range(2):
        assert main(["enrol", str(directory), str(file)]) == 0
    a_request(file, ledger_id=request.ledger_id)
    assert main(["enrol", str(directory), str(file)]) == 1
    assert "another key" in capsys.readouterr().err
    a_request(file, public_key=request.public_key)
    assert main(["enrol", str(directory), str(file)]) == 1
    assert "ledger-add" in capsys.readouterr().err
    a_request(file, terminal="zmd-0002")
    assert main(["enrol", str(directory), str(file)]) == 1
    assert "PAD00001" in capsys.readouterr().err
    database = Database(load_settings(directory / "centre.toml").database)
    with database.reading() as session:
        (terminal,) = session.scalars(select(Terminal)).all()
        assert (terminal.id, terminal.public_key) == ("zmd-0001", request.public_key)


def test_a_replaced_disk_is_registered(directory: Path, tmp_path: Path) -> None:
    a_request(tmp_path / "request.json")
    fresh = secrets.token_bytes(16).hex()
    assert main(["ledger-add", str(directory), "zmd-0001", fresh]) == 1
    assert main(["enrol", str(directory), str(tmp_path / "request.json")]) == 0
    assert main(["ledger-add", str(directory), "zmd-0001", fresh]) == 0
    with Database(load_settings(directory / "centre.toml").database).reading() as session:
        assert len(session.scalars(select(TerminalLedger)).all()) == 2


def test_a_seed_is_planted_once(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for expected in ("36 of 36", "0 of 36"):
        assert main(["seed", str(directory), str(SEED)]) == 0
        assert capsys.readouterr().out.startswith(expected)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('host = "0.0.0.0"', "listen_beyond_loopback"),
        ('host = "192.0.2.1"', "listen_beyond_loopback"),
        ('host = "::"', "listen_beyond_loopback"),
        ("pin_tries = 0", "pin_tries"),
        ("fee_s = 901", "fee_s"),
        ("token_s = 9", "token_s"),
        ("reservation_s = 86401", "reservation_s"),
        ("payment = 1", "payment"),
        ('colour = "red"', "colour"),
    ],
)
def test_unsafe_or_unknown_settings_are_refused(directory: Path, line: str, word: str) -> None:
    file = directory / "centre.toml"
    name = line.split(" ", maxsplit=1)[0]
    kept = [one for one in file.read_text().splitlines() if not one.startswith(f"{name} ")]
    file.write_text("\n".join([*kept, line]))
    with pytest.raises(SettingsRefused, match=word):
        load_settings(file)


def test_listening_beyond_loopback_must_be_said(directory: Path) -> None:
    file = directory / "centre.toml"
    changed = file.read_text().replace('host = "127.0.0.1"', 'host = "0.0.0.0"')
    file.write_text(f"{changed}\nlisten_beyond_loopback = true\n")
    assert load_settings(file).host == "0.0.0.0"


def test_a_missing_settings_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path / "nowhere.toml")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_serve_answers_and_stops(directory: Path) -> None:
    """The whole thing as a process of its own, on the port that its log names."""
    with subprocess.Popen(
        [sys.executable, "-m", "central", "serve", str(directory), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as process:
        assert process.stderr is not None
        try:
            port = next(
                found[1] for line in process.stderr if (found := re.search(r"https://127\.0\.0\.1:(\d+)", line))
            )
            session = requests.Session()
            session.trust_env, session.verify = False, str(directory / "ca.pem")
            assert session.get(f"https://127.0.0.1:{port}/health", timeout=10).text == "ok"
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == -signal.SIGTERM  # uvicorn dies of it, after it has tidied up


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_migrations_make_the_tables_of_the_code(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database()
    database = Database(url)
    database.migrate()
    database.migrate()
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_centre_of_the_first_version_is_brought_forward(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database()
    database = Database(url)
    database.migrate("0001")
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO holders VALUES ('110000198807212015', '周模拟', '1', '1988-07-21', '1')"))
        connection.execute(
            text(
                "INSERT INTO cards VALUES ('110000D1560000050000000000002001', 'T11000015', '110000198807212015', "
                "'beijing', '2.00', '4', '', '', false, NULL, NULL)"
            )
        )
        connection.execute(
            text("INSERT INTO centre_pins VALUES ('110000D1560000050000000000002001', :salt, :hash, false, 6, NULL)"),
            {"salt": bytes(16), "hash": bytes(32)},
        )
    database.migrate()
    with database.reading() as session:
        card = session.get_one(Card, "110000D1560000050000000000002001")
        assert (card.state, card.state_changed_at, card.loss_lapses_at, card.replaced_by) == ("4", None, None, None)
        assert session.get_one(CentrePin, card.identification_code).tries_left == 6
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_migrations_go_back_and_forth(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database()
    database = Database(url)
    database.migrate()
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "central" / "migrations"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.migrate()
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_centre_of_the_seventh_version_knows_again_what_it_was_asked(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgres_server") if kind == "postgresql" else None
    with RunningCentre(tmp_path, database=server.create_database() if server is not None else None) as centre:
        terminal = centre.enrol("yl-0001", "yunling")
        report = a_report(LOST, "yunling")
        paper = a_matter(IN_PRODUCTION, Paper(kind=IssuedPaper.TEMPORARY_CARD))
        reported, filed = ask(centre, terminal, report), hand_in(centre, terminal, paper)
        config = Config()
        config.set_main_option("script_location", str(REPOSITORY / "central" / "migrations"))
        with centre.database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0007")
        centre.database.migrate()
        with centre.database.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert ask(centre, terminal, report) == reported
        assert hand_in(centre, terminal, paper) == filed
        again = hand_in(centre, terminal, a_matter(IN_PRODUCTION, Paper(kind=IssuedPaper.TEMPORARY_CARD)))
        assert (again.verdict, again.filing) == (FilingVerdict.ALREADY_FILED, filed.filing)
        by_proxy = hand_in(centre, terminal, a_matter(WITHOUT_CARD, CardApplication(), proxy=PROXY))
        assert by_proxy.filing is not None
        assert by_proxy.filing.by_proxy


def test_sqlite_is_durable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


RENAMED = {"zhumadian-renamed"}
"""Cards from before their holders changed their names."""


@pytest.mark.parametrize(
    ("seed", "cards", "at_least"), [(SEED, CARDS, 21), (YUNLING_SEED, REPOSITORY / "tests" / "regions" / "cards", 3)]
)
def test_the_seed_matches_the_card_files(seed: Path, cards: Path, at_least: int) -> None:
    seeded = {one.about: one for one in load_seed(seed).holders}
    keys = CardMasterKeys.load(CARD_MASTER_KEYS)
    genuine = set()
    for file in sorted(cards.glob("*.json")):
        card = json.loads(file.read_text())["social_security"]
        if not card or not card["issuer"] or file.stem.startswith("clone"):
            continue
        genuine.add(file.stem)
        holder, issuer, one = card["holder"], card["issuer"], seeded[file.stem]
        assert one.identification_code == issuer["identification_code"]
        assert (one.card_number, one.norm_version) == (issuer["card_number"], issuer["norm_version"])
        assert one.social_security_number == holder["social_security_number"]
        assert (one.sex, one.birth_date) == (holder["sex"], holder["birth_date"])
        assert (one.ethnic_group, one.birthplace) == (holder["ethnic_group"], holder["birthplace"])
        assert (one.name == holder["name"]) is (file.stem not in RENAMED)
        algorithm = Algorithm.of_norm(one.norm_version)
        for use in (KeyUse.INTERNAL, KeyUse.EXTERNAL):
            derived = keys._card_key(algorithm, one.identification_code, use).hex().upper()
            assert derived == card["keys"][use.name.lower()]
        assert (one.centre_pin is None) == (card["pin"] is not None)
    assert len(genuine) >= at_least


# GB/T 2260, first four digits, as the seeds use them.
CODES = {
    "zhumadian": "4117", "guizhou": "5200", "qingdao": "3702", "jiangxi": "3601", "beijing": "1100", "yunling": "9901",
}  # fmt: skip
CHIP_HOLDS_THE_PIN = {"zhumadian", "guizhou", "qingdao", "yunling"}


@pytest.mark.parametrize("one", [*load_seed(SEED).holders, *load_seed(YUNLING_SEED).holders], ids=lambda one: one.about)
def test_seeded_people_are_invented_but_their_numbers_check(one: SeedHolder) -> None:
    number, code = one.social_security_number, CODES[one.region]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    assert number[17] == "10X98765432"[total % 11]
    assert number.startswith(f"{code}00")  # no resident's number has county 00
    assert (number[6:14], int(number[16]) % 2) == (one.birth_date.replace("-", ""), int(one.sex) % 2)
    assert one.identification_code.startswith(code)
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    summed = sum(
        values.index(char) * weight
        for char, weight in zip(one.card_number, (3, 7, 9, 10, 5, 8, 4, 2), strict=False)  # GB 11714
    )
    assert one.card_number[8] == {10: "X", 11: "0"}.get(11 - summed % 11, str(11 - summed % 11))
    assert (one.centre_pin is None) == (one.region in CHIP_HOLDS_THE_PIN)


def test_each_region_has_the_cards_that_its_journeys_need(centre: RunningCentre) -> None:
    with centre.database.reading() as session:
        found = {(card.region, card.state) for card in session.scalars(select(Card))}
    assert {(region, "1") for region in CODES} <= found
    for region in ("beijing", "jiangxi"):
        assert {(region, state) for state in "02149"} <= found
    assert {("yunling", state) for state in "0149"} <= found


def test_the_seed_has_the_states_that_journeys_need(centre: RunningCentre) -> None:
    with centre.database.reading() as session:
        states = {card.state for card in session.scalars(select(Card))}
    assert {"1", "4", "9"} <= states
    pins = {one.about: one.centre_pin for one in load_seed(SEED).holders if one.centre_pin}
    assert (pins["beijing-normal"].pin, pins["beijing-normal"].initial) == ("135790", False)
    assert (pins["beijing-x"].pin, pins["beijing-x"].initial) == ("29207X", True)


def test_the_page_shows_what_arrived_and_hides_who(centre: RunningCentre) -> None:
    terminal = centre.enrol()
    ledger = LedgerWriter(terminal, centre)
    query = a_transaction()
    centre.ask(terminal, "/v1/entries", ledger.batch([ledger.append(query)]), Receipt)
    session = a_session(centre)
    page = session.get(f"{centre.url}/", timeout=10)
    assert page.status_code == 200
    assert not re.search(r"(src|href)\s*=\s*\"(?!data:|\./\"|terminals\")", page.text)
    assert "https://" not in page.text.replace("http://www.w3.org", "")
    answer = session.get(f"{centre.url}/overview.json", timeout=10)
    shown = answer.json()
    (one,) = shown["transactions"]
    assert (one["id"], one["holder"], one["card"]) == (query.transaction_id, "张*例", "T******15")
    assert (one["verdict"], one["finished"]) == ("applied", 1)
    assert [(row["id"], row["head"], row["frozen"]) for row in shown["terminals"]] == [("zmd-0001", 1, None)]
    for secret in ("张示例", "411700198504121036", "T41170015"):
        assert secret not in answer.text


def test_the_page_is_not_shown_under_a_foreign_name(centre: RunningCentre) -> None:
    session = a_session(centre)
    for path in ("/", "/overview.json"):
        assert session.get(f"{centre.url}{path}", headers={"Host": "evil.example"}, timeout=10).status_code == 403


def test_the_description_is_true(centre: RunningCentre) -> None:
    description = a_session(centre).get(f"{centre.url}/openapi.json", timeout=10).json()
    session_path = "/v1/card-sessions/{session_id}"
    assert set(description["paths"]) == {
        "/v1/entries",
        "/v1/card-sessions",
        f"{session_path}/terminal-authentication",
        f"{session_path}/card-proof",
        f"{session_path}/record",
        f"{session_path}/pin-change",
        f"{session_path}/loss-lifting",
        f"{session_path}/examination",
        f"{session_path}/activation",
        "/v1/loss-reports",
        "/v1/formal-loss-reports",
        "/v1/loss-liftings",
        "/v1/terminal",
        "/v1/enrolment",
        "/v1/readiness",
        "/v1/telemetry",
        "/v1/roster",
        "/v1/filings",
        "/v1/filings/query",
        "/v1/working-keys",
        "/v1/issuances",
        *(
            f"/v1/issuances/{step}"
            for step in (
                "fee-order",
                "fee",
                "token",
                "blank",
                "blank-authentication",
                "switch",
                "commit",
                "abandon",
                "standing",
            )
        ),
    }
    schemas = description["components"]["schemas"]
    batch = schemas["Batch"]
    assert batch["required"] == ["terminal", "ledger_id", "epochs", "entries"]
    assert batch["additionalProperties"] is False
    for report in ("ReportLoss", "ReportFormalLoss", "LiftLossWithoutCard"):
        assert "identified_by" in schemas[report]["required"]
    assert set(schemas["IdentifiedBy"]["enum"]) == {"card", "id_card", "typed"}
    named = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(description))
    assert set(named) <= set(schemas)
    assert {"Receipt", "Problem", "SealedEntry", "Tombstone", "HolderRecord"} <= set(named)
    entries = description["paths"]["/v1/entries"]["post"]
    body = entries["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Batch"}
    assert {"200", "400", "401", "403", "409", "413", "423"} <= set(entries["responses"])


def test_nothing_personal_is_logged(own_centre: RunningCentre, caplog: pytest.LogCaptureFixture) -> None:
    terminal = own_centre.enrol()
    ledger = LedgerWriter(terminal, own_centre)
    with own_centre.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE transactions RENAME COLUMN outcome TO hidden"))
    with caplog.at_level("DEBUG"):
        reply = own_centre.post(terminal, "/v1/entries", ledger.batch([ledger.append(a_transaction())]))
    assert (reply.status, reply.problem.detail, reply.signed) == (503, "", True)
    assert "central" in {record.name for record in caplog.records}
    for secret in ("411700198504121036", "T41170015", "411700D1560000050000000000001001"):
        assert secret not in caplog.text


def test_a_defect_of_ours_is_answered_and_logged_without_its_text(
    own_centre: RunningCentre, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = own_centre.enrol()
    ledger = LedgerWriter(terminal, own_centre)

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("张示例 411700198504121036")

    monkeypatch.setattr("central.ingest.insert_rows", break_down)
    reply = own_centre.post(terminal, "/v1/entries", ledger.batch([ledger.append(a_transaction())]))
    assert (reply.status, reply.problem.type, reply.problem.detail, reply.signed) == (500, "defect", "", True)
    assert "RuntimeError at " in caplog.text
    assert "张示例" not in caplog.text
    assert "411700198504121036" not in caplog.text


def test_only_who_serves_loads_the_web_server() -> None:
    program = "import sys, central.command_line; print(*{'fastapi', 'uvicorn', 'alembic'} & sys.modules.keys())"
    told = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
