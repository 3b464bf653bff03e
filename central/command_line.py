"""The commands of the centre's operator.

What serves is loaded by who serves: it takes longer than all that the other commands do.
"""

import argparse
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import segno

from central.card_states import Withdrawal
from central.database import Database
from central.enrolment import (
    EnrolmentRefused,
    EnrolmentRequest,
    add_ledger,
    create_centre,
    enrol,
    public_details,
    revoke,
    thaw,
)
from central.enrolment_codes import DAYS, make_code, package
from central.filings import FilingDesk, FilingRefused
from central.issuance import CaseOutcome, CaseRefused, IssuanceDesk
from central.keys import CentreKeys, write_secret
from central.loss_reports import LossDesk
from central.payments import MerchantRefused
from central.query import card_changes
from central.readiness import readiness_reports, told
from central.region_rules import RegionRulesRefused, load_region_rules
from central.replacement_orders import MadeCard, OrderDesk, OrderRefused
from central.seed import SeedRefused, load_seed, plant
from central.settings import Settings, SettingsRefused, load_settings
from central.state_chart import drawn
from central.technician_commands import add_commands as add_technician_commands
from central.terminal_watch import watched
from central.terminals_command import as_json, as_text
from kiosk.records.enrolment import grouped
from kiosk.records.filings import FilingState
from kiosk.records.portrait import Likeness
from kiosk.records.signed_pack import SUFFIX, SignedPack
from kiosk.records.working_days import CalendarError, load_calendar

_STATES = ", ".join(state.value for state in FilingState)
_OUTCOMES = ", ".join(outcome.value for outcome in CaseOutcome)
_WITHDRAWALS = ", ".join(why.value for why in Withdrawal)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 with one line on standard error when not."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (
        SettingsRefused,
        RegionRulesRefused,
        CalendarError,
        SeedRefused,
        EnrolmentRefused,
        FilingRefused,
        OrderRefused,
        CaseRefused,
        MerchantRefused,
        OSError,
        ValueError,
    ) as error:
        print(f"central: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="central", description="Reference central system 参考中心系统")
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(run=run)
        return one

    init = command("init", _init, "make keys, certificates and settings of a new centre")
    init.add_argument("directory", type=Path)
    init.add_argument("--database", help="SQLAlchemy URL; a SQLite file in the directory without it")
    init.add_argument("--port", type=int, default=8443)
    init.add_argument("--card-master-keys", type=Path, help="key file of the issuer; random keys without it")
    init.add_argument("--region-rules", type=Path, help="what each region lets terminals do; nothing without it")
    init.add_argument(
        "--payment", type=Path, help="who takes the fees of new cards (docs/central.md); nobody without it"
    )
    init.add_argument("--holidays", type=Path, help="days off and make-up working days, as config/holidays/china.toml")

    chart = command("card-states", _card_states, "draw the states of a card and what leads from one to another")
    chart.add_argument("--svg", type=Path, required=True, metavar="FILE", help="where to write the picture")

    def on_centre(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        one = command(name, run, about)
        one.add_argument("centre", type=Path, help="directory that init made, or a settings file")
        return one

    on_centre("migrate", _migrate, "bring the database to this version's form")
    on_centre("seed", _seed, "plant synthetic holders").add_argument("file", type=Path)
    on_centre("enrol", _enrol, "register a terminal from its request").add_argument("file", type=Path)
    on_centre("public", _public, "print what a terminal must know, as JSON")
    _add_newcomers(on_centre)
    on_centre("revoke", _revoke, "strike a terminal off").add_argument("terminal")
    for name, run, about in (
        ("ledger-add", _ledger_add, "register a new ledger of a terminal whose disk was replaced"),
        ("thaw", _thaw, "let a frozen ledger go on, after staff have looked"),
    ):
        one = on_centre(name, run, about)
        one.add_argument("terminal")
        one.add_argument("ledger_id", type=bytes.fromhex, metavar="LEDGER_ID", help="32 hex characters")
    _add_orders(on_centre)
    add_technician_commands(commands)
    on_centre("settle-fees", _settle_fees, "end what has run out of new cards, and bring every fee to its end")
    close = on_centre("issuance-close", _issuance_close, "note where the new card of an open case went")
    close.add_argument("transaction_id", metavar="NUMBER", help="its first characters, as on the page")
    close.add_argument("outcome", type=CaseOutcome, choices=list(CaseOutcome), metavar="OUTCOME", help=_OUTCOMES)
    changes = on_centre(
        "card-events", _card_events, "print what changed a region's cards, in its own codes, as JSON lines"
    )
    changes.add_argument("region", help="as in the file of rules")
    changes.add_argument("--after", type=int, default=0, metavar="NUMBER", help="only events with a higher number")
    decide = on_centre("filing", _filing, "note an office's word on a filing that stands open")
    decide.add_argument("number", help="as on the slip")
    decide.add_argument("state", type=FilingState, choices=list(FilingState), metavar="STATE", help=_STATES)
    decide.add_argument("--place", default="", help="where it is collected")
    decide.add_argument("--note", default="", help="why it was refused, or what is missing; its person reads this")
    portrait = on_centre("portrait", _portrait, "write the portrait of an open application to a new file of one's own")
    portrait.add_argument("number", help="as on the slip")
    portrait.add_argument("out", type=Path, metavar="FILE", help="a JPEG; never overwritten")
    watch = on_centre("terminals", _terminals, "tell how every terminal is, those first to which somebody should go")
    watch.add_argument("--json", action="store_true", help="print one JSON list")
    serve = on_centre("serve", _serve, "serve until stopped")
    serve.add_argument("--port", type=int)
    serve.add_argument("--workers", type=int, default=1, help="processes that share the port; for PostgreSQL")
    return parser


def _add_newcomers(on_centre: Any) -> None:
    """How a new terminal is let in by a code, and how it was when it had been set up."""
    code = on_centre("enrolment-code", _enrolment_code, "make a one-time code that lets a new terminal in")
    code.add_argument("--terminal", required=True, help="the number that the new terminal gets")
    code.add_argument("--region", required=True, help="its pack, such as zhumadian")
    code.add_argument("--days", type=int, default=DAYS, help=f"how long it is good (default {DAYS})")
    code.add_argument("--url", help="the centre as that terminal reaches it; without it host and port of the settings")
    code.add_argument("--file", type=Path, help="write the whole package for a stick: code, address, certificate, keys")
    code.add_argument("--qr", type=Path, metavar="FILE", help="draw the same as a QR code; .svg or .png")
    ready = on_centre("readiness", _readiness, "show what terminals reported when they had been set up, newest first")
    ready.add_argument("terminal", nargs="?", help="of this one alone")
    ready.add_argument("--json", action="store_true", help="print each report as it was signed")
    sign_pack = on_centre("sign-pack", _sign_pack, "sign a region pack, for terminals to take: NAME.toml to NAME.pack")
    sign_pack.add_argument("file", type=Path, help="the pack, such as zhumadian.toml, as kiosk region check passed it")


def _add_orders(on_centre: Any) -> None:
    """How an office ends an order for a new card."""
    withdraw = on_centre("replacement-withdraw", _replacement_withdraw, "end the order for a new card without one")
    withdraw.add_argument("card", metavar="CARD_NUMBER", help="AAZ500 of the old card")
    withdraw.add_argument("why", type=Withdrawal, choices=list(Withdrawal), metavar="WHY", help=_WITHDRAWALS)
    issue = on_centre("replacement-issue", _replacement_issue, "note that a new card that was ordered is handed over")
    issue.add_argument("card", metavar="CARD_NUMBER", help="AAZ500 of the old card, which ends with it")
    issue.add_argument("identification_code", metavar="IDENTIFICATION_CODE", help="AAZ501 of the new card")
    issue.add_argument("number", metavar="NEW_CARD_NUMBER", help="AAZ500 of the new card")
    issue.add_argument("--norm-version", default="3.00", help="AAZ508 of the new card")
    issue.add_argument("--started", action="store_true", help="it works from now on; otherwise it must yet be started")


def _init(options: argparse.Namespace) -> None:
    print(
        create_centre(
            options.directory,
            database=options.database,
            port=options.port,
            card_master_keys=options.card_master_keys,
            region_rules=options.region_rules,
            holidays=options.holidays,
            payment=options.payment,
        )
    )


def _migrate(options: argparse.Namespace) -> None:
    _database(options).migrate()


def _seed(options: argparse.Namespace) -> None:
    settings = _settings(options)
    seed = load_seed(options.file)
    planted = plant(_database(options), CentreKeys.load(settings), settings, seed)
    print(f"{planted} of {len(seed.holders) + len(seed.people)} holders are new")


def _card_states(options: argparse.Namespace) -> None:
    options.svg.write_text(drawn(), encoding="utf-8")


def _enrol(options: argparse.Namespace) -> None:
    request = msgspec.json.decode(options.file.read_bytes(), type=EnrolmentRequest)
    enrol(_database(options), CentreKeys.load(_settings(options)), request, time.time)
    print(f"{request.terminal} is enrolled")


def _enrolment_code(options: argparse.Namespace) -> None:
    settings = _settings(options)
    keys = CentreKeys.load(settings)
    for file in (options.file, options.qr):
        if file is not None and file.exists():
            raise FileExistsError(file)
    code = make_code(Database(settings.database), options.terminal, options.region, time.time, days=options.days)
    url = options.url or f"https://{settings.host}:{settings.port}"
    travels = msgspec.json.encode(package(settings, keys, options.terminal, options.region, code, url))
    if options.file is not None:
        write_secret(options.file, msgspec.json.format(travels))
    if options.qr is not None:
        picture = io.BytesIO()
        segno.make(travels, error="l", mode="byte", micro=False).save(
            picture, kind=options.qr.suffix.removeprefix("."), scale=4
        )
        write_secret(options.qr, picture.getvalue())  # the code is in it
    print(grouped(code))


def _readiness(options: argparse.Namespace) -> None:
    with _database(options).reading() as session:
        for row in readiness_reports(session, options.terminal):
            print(row.report.decode() if options.json else told(row))


def _sign_pack(options: argparse.Namespace) -> None:
    keys = CentreKeys.load(_settings(options))
    pack = SignedPack(
        region=options.file.stem,
        signed_ms=int(time.time() * 1000),
        content=options.file.read_bytes(),
        key_id=keys.key_id,
    ).signed(keys.signing)
    target = options.file.with_suffix(SUFFIX)
    target.write_bytes(msgspec.json.encode(pack))
    print(target)


def _public(options: argparse.Namespace) -> None:
    settings = _settings(options)
    print(msgspec.json.format(msgspec.json.encode(public_details(settings, CentreKeys.load(settings)))).decode())


def _revoke(options: argparse.Namespace) -> None:
    revoke(_database(options), options.terminal, time.time)


def _ledger_add(options: argparse.Namespace) -> None:
    add_ledger(_database(options), options.terminal, options.ledger_id, time.time)


def _thaw(options: argparse.Namespace) -> None:
    thaw(_database(options), options.terminal, options.ledger_id)


def _filing(options: argparse.Namespace) -> None:
    _filing_desk(options).decide(options.number, options.state, place=options.place, note=options.note)


def _portrait(options: argparse.Namespace) -> None:
    desk = _filing_desk(options)
    write_secret(options.out, desk.portrait(options.number))
    likeness = desk.likeness(options.number)
    if likeness is not None:
        words = {
            Likeness.SAME: "looks like the ID card's photo",
            Likeness.NOT_THE_SAME: "does not look like the ID card's photo",
            Likeness.OPEN: "could not be told from the ID card's photo or from another's",
        }[likeness]
        print(f"compared at the terminal: {words}; a hint, whoever sees the person decides")


def _filing_desk(options: argparse.Namespace) -> FilingDesk:
    settings = _settings(options)
    rules, calendar = load_region_rules(settings.region_rules), load_calendar(settings.holidays)
    return FilingDesk(Database(settings.database), CentreKeys.load(settings), rules, calendar, time.time)


def _replacement_withdraw(options: argparse.Namespace) -> None:
    settings = _settings(options)
    desk = OrderDesk(Database(settings.database), load_region_rules(settings.region_rules), time.time)
    print(f"withdrawn; AAZ502 is {desk.withdraw(options.card, options.why)}")


def _replacement_issue(options: argparse.Namespace) -> None:
    settings = _settings(options)
    desk = OrderDesk(Database(settings.database), load_region_rules(settings.region_rules), time.time)
    made = MadeCard(options.identification_code, options.number, options.norm_version)
    print(f"handed over; AAZ502 of the new card is {desk.hand_over(options.card, made, started=options.started)}")


def _settle_fees(options: argparse.Namespace) -> None:
    desk = _issuance_desk(options)
    ended = desk.sweep()
    print(f"{ended} issuances have run out, {desk.fees.unsettled()} fees are not at their end")


def _issuance_close(options: argparse.Namespace) -> None:
    _issuance_desk(options).close_case(options.transaction_id, options.outcome)


def _issuance_desk(options: argparse.Namespace) -> IssuanceDesk:
    from central.app import issuance_desk  # noqa: PLC0415 - see above

    settings = _settings(options)
    rules = load_region_rules(settings.region_rules)
    return issuance_desk(settings, Database(settings.database), CentreKeys.load(settings), rules, time.time)


def _card_events(options: argparse.Namespace) -> None:
    settings = _settings(options)
    rules = load_region_rules(settings.region_rules)
    if options.region not in rules.by_region:
        raise RegionRulesRefused(f"{settings.region_rules}: no rules of {options.region}")
    database = Database(settings.database)
    LossDesk(database, rules, time.time).sweep()
    with database.reading() as session:
        for change in card_changes(session, options.region, rules.of(options.region), options.after):
            print(msgspec.json.encode(change).decode())


def _terminals(options: argparse.Namespace) -> None:
    with _database(options).reading() as session:
        rows = watched(session, int(time.time() * 1000))
    print(as_json(rows) if options.json else as_text(rows))


def _serve(options: argparse.Namespace) -> None:
    settings = _settings(options)
    if options.port is not None:
        settings = msgspec.structs.replace(settings, port=options.port)
    from central.server import serve  # noqa: PLC0415 - see above

    serve(settings, options.workers)


def _settings(options: argparse.Namespace) -> Settings:
    return load_settings(options.centre / "centre.toml" if options.centre.is_dir() else options.centre)


def _database(options: argparse.Namespace) -> Database:
    return Database(_settings(options).database)
