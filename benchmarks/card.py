"""From the card in the slot to the record on the screen, and what our driver adds to the same commands by pyscard.

First the driver alone: it powers, recognises and reads a card, then bare pyscard (``smartcard.scard``) powers the card
and transmits the very same commands, taking turns on one virtual reader. Then the whole terminal serves citizens. The
centre's share is measured by the same questions over the same cable, asked by the terminal's own client.
Run by ``python -m benchmarks.card [--quick]``.
"""

import argparse
import json
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from smartcard import scard

from benchmarks.citizens import CARD, Citizens, NotedChip, Visit
from benchmarks.figures import Figure, report
from drivers.card_reader import PcscCardReader
from kiosk.bootstrap import connect
from kiosk.central_client.client import CentralClient
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import load_configuration
from kiosk.credentials import read_centre_keys
from kiosk.records.questions import CardProof, GetRecord, OpenCardSession, ProveCard
from simulators.card.application import CardApplication
from simulators.card.card_file import DECK, load_card_file
from simulators.card.ciphers import encrypt
from simulators.card.slot import CardSlot
from simulators.pcscd import PrivatePcscd
from simulators.stand.stand import Stand, StandSettings

_PROTOCOLS: Final = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_LIMIT_S: Final = 5.0
_POLL_S: Final = 0.4
"""How often pcscd looks at a reader (PCSCLITE_STATUS_POLL_RATE)."""


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON; times in ms."""
    alone = _driver_and_bare(rounds=10 if quick else 40)
    removals = alone.pop("removed")
    with tempfile.TemporaryDirectory() as folder, Stand(StandSettings(state=Path(folder) / "stand")) as stand:
        citizens = Citizens(stand)
        try:
            citizens.serve()
            visits, questions = [], []
            for _ in range(4 if quick else 15):
                visits.append(citizens.serve())
                questions.append(_centre_questions(stand))
        finally:
            citizens.close()
    return report(
        _figures(alone, removals, visits, questions),
        {
            **alone,
            "removed": removals,
            "visits": [
                {
                    "noticed": 1000 * one.noticed,
                    "prompt": 1000 * one.prompt,
                    "card_back": 1000 * one.card_back,
                    "record": 1000 * one.record,
                }
                for one in visits
            ],
            "questions": questions,
        },
    )


def _figures(
    alone: dict[str, Any], removals: list[float], visits: list[Visit], questions: list[dict[str, float]]
) -> list[Figure]:
    def of(name: str, pick: Callable[[Visit], float], beside: str) -> Figure:
        return Figure.of(name, "ms", [1000 * pick(one) for one in visits], beside=beside)

    def centre(*names: str) -> float:
        return statistics.median(sum(one[name] for name in names) for one in questions)

    noticed = 1000 * statistics.median(one.noticed for one in visits)
    removed = statistics.median(removals)
    bare = statistics.median(alone["bare"])
    whole_centre = centre("open", "prove", "record")
    return [
        Figure.of(
            "card: driver's own time",
            "ms",
            [ours - same for ours, same in zip(alone["ours"], alone["bare"], strict=True)],
            at_most=100,
            beside=f"the same {alone['commands']} commands by bare pyscard {bare:.1f} ms",
        ),
        of(
            "card → record on screen, all waiting",
            lambda one: one.whole,
            f"pcscd sees card in {noticed:.0f} + out {removed:.0f} ms, centre's 3 answers {whole_centre:.0f} ms",
        ),
        of(
            "  card in → PIN prompt",
            lambda one: one.prompt,
            f"pcscd {noticed:.0f} ms, centre {centre('open', 'prove'):.0f} ms",
        ),
        of("  green key → take your card", lambda one: one.card_back, f"centre {centre('record'):.0f} ms"),
        of("  card out → record", lambda one: one.record, f"pcscd {removed:.0f} ms"),
    ]


def _driver_and_bare(rounds: int) -> dict[str, Any]:
    """Milliseconds of each, round by round, and of pcscd's noticing that a card has left."""
    taken: dict[str, Any] = {"ours": [], "bare": [], "removed": []}
    with tempfile.TemporaryDirectory() as folder, PrivatePcscd(Path(folder)) as pcscd:
        # libpcsclite fixes its socket's path at its first use, so this runs once a process.
        os.environ.update(pcscd.environment)
        slot = CardSlot.of(pcscd)
        chip = NotedChip(CardApplication(load_card_file(DECK / f"{CARD}.json")))
        slot.insert(chip)
        reader = PcscCardReader(pcscd.reader_name)
        try:
            _read_by_driver(reader)
            commands = list(chip.commands)
            _read_bare(pcscd.reader_name, commands)
            for _ in range(rounds):
                taken["ours"].append(_ms(lambda: _read_by_driver(reader)))
                taken["bare"].append(_ms(lambda: _read_bare(pcscd.reader_name, commands)))
            for number in range(rounds // 4):
                time.sleep(_POLL_S * 4 * number / rounds)  # a hand comes at any moment between two looks of pcscd
                slot.pull()
                taken["removed"].append(_ms(lambda: reader.wait_for_removal(_LIMIT_S)))
                slot.insert(chip)
                _read_by_driver(reader)
        finally:
            reader.close()
            slot.close()
            for name in pcscd.environment:
                del os.environ[name]
    return {**taken, "commands": len(commands)}


def _read_by_driver(reader: PcscCardReader) -> None:
    reader.wait_for_card(_LIMIT_S)
    card = reader.card()
    card.read_issuer()
    card.read_holder()
    card.pin_tries_left()
    reader.release()


def _read_bare(reader: str, commands: list[bytes]) -> None:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    _check(result)
    result, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, _PROTOCOLS)
    _check(result)
    for command in commands:
        result, _ = scard.SCardTransmit(card, protocol, list(command))
        _check(result)
    _check(scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD))
    _check(scard.SCardReleaseContext(context))


def _check(result: int) -> None:
    if result != scard.SCARD_S_SUCCESS:
        raise OSError(result, scard.SCardGetErrorMessage(result))


def _centre_questions(stand: Stand) -> dict[str, float]:
    """Milliseconds of the three questions of a card query, as the terminal asks them."""
    configuration = load_configuration(stand.place.config)
    card = load_card_file(stand.cards[CARD].path).social_security
    if card is None or card.issuer is None or card.holder is None or card.keys is None:
        raise ValueError(f"{CARD} is no whole card")
    keys = read_centre_keys(configuration)
    client = CentralClient(connect(configuration, keys, ClockOffset(configuration.offset_path)))
    question = OpenCardSession(
        transaction_id=secrets.token_hex(16),
        region=configuration.terminal.region,
        identification_code=card.issuer.identification_code,
        card_number=card.issuer.card_number,
        norm_version=card.issuer.norm_version,
    )
    client.open_card_session(question)  # makes the connection, which the terminal has from its last citizen
    begun = time.perf_counter()
    opened = client.open_card_session(question)
    after_open = time.perf_counter()
    proof = ProveCard(
        cryptogram=encrypt(card.keys.algorithm, bytes.fromhex(card.keys.internal), opened.challenge),
        social_security_number=card.holder.social_security_number,
    )
    proving = time.perf_counter()
    if client.prove_card(opened.session_id, proof).proof is not CardProof.GENUINE:
        raise ValueError("the centre does not believe the card")
    after_prove = time.perf_counter()
    client.record(opened.session_id, GetRecord(transaction_id=question.transaction_id))
    return {
        "open": 1000 * (after_open - begun),
        "prove": 1000 * (after_prove - proving),
        "record": 1000 * (time.perf_counter() - after_prove),
    }


def _ms(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    print(json.dumps(run(quick=parser.parse_args().quick), indent=2))


if __name__ == "__main__":
    main()
