"""``central serve --workers``: several processes behind one port, and still every batch once."""

import gzip
import re
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest
import requests
from sqlalchemy import func, select

from central.tables import Entry, TransactionRow
from kiosk.records.signatures import sign_request
from kiosk.records.transaction import Service
from kiosk.records.upload import encode
from tests.centre import EnrolledTerminal, LedgerWriter, RunningCentre, a_transaction
from tests.postgres import PrivatePostgres


@pytest.mark.postgres
@pytest.mark.timeout(90)
def test_two_workers_store_once_what_comes_eight_times(tmp_path: Path, postgres_server: PrivatePostgres) -> None:
    centre = RunningCentre(tmp_path, database=postgres_server.create_database())
    terminal = centre.enrol()
    ledger = LedgerWriter(terminal, centre)
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
    packed = gzip.compress(
        encode(ledger.batch([ledger.append(change), *(ledger.append(a_transaction()) for _ in range(99))]))
    )
    command = [sys.executable, "-m", "central", "serve", str(centre.directory), "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        assert served.stderr is not None
        try:
            url = _where_both_workers_are(served.stderr)
            answers = _sent_together(url, packed, terminal, centre)
        finally:
            served.terminate()
            rest = served.communicate(timeout=30)[1]
    assert answers == [200] * 8, rest
    assert rest.count("Finished server process") == 2, rest
    with centre.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == 100
        assert session.get_one(TransactionRow, change.transaction_id).effects == 1
    centre.database.close()


def _where_both_workers_are(log: IO[str]) -> str:
    read = ""
    while read.count("Application startup complete") < 2:
        line = log.readline()
        assert line, read
        read += line
    found = re.search(r"https://127\.0\.0\.1:\d+", read)
    assert found is not None, read
    return found[0]


def _sent_together(url: str, packed: bytes, terminal: EnrolledTerminal, centre: RunningCentre) -> list[int]:
    """Statuses of the same batch, sent over eight connections at once."""
    answers: list[int] = []
    together = threading.Barrier(8)

    def send() -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        request = requests.Request("POST", f"{url}/v1/entries", headers=headers, data=packed).prepare()
        nonce = secrets.token_hex(16)
        sign_request(request, packed, key=terminal.key, key_id=terminal.id, nonce=nonce, now=centre.clock())
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(centre.ca_file)
            together.wait(timeout=30)
            answers.append(session.send(request, timeout=30).status_code)

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(timeout=60)
    return answers
