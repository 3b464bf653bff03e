"""A PostgreSQL cluster of the tests' own: Debian's binaries, a temporary directory, a unix socket, no port.

Whatever PostgreSQL the machine already runs is never touched.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_BINARIES = Path("/usr/lib/postgresql")
_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.environ.get("PATH", "")}
_SERVER_USER = "postgres"  # made by Debian's package; the server refuses to run as root


class PostgresMissing(Exception):
    """Debian's package ``postgresql`` is not installed: the tests that need it fail, they are not skipped."""


@dataclass(frozen=True)
class Account:
    """Who the server runs as."""

    uid: int
    gid: int


class PrivatePostgres:
    """One running cluster. Use as a context manager."""

    def __init__(self, *, durable: bool = False) -> None:
        """:param durable: keep fsync on, for measurements; tests of ours never cut the power of this server."""
        self._durable = durable
        self._binaries = find_binaries()
        self._account = _unprivileged_account()
        self._directory = Path(tempfile.mkdtemp(prefix="ssct-pg-"))
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        os.chown(self._directory, self._account.uid, self._account.gid)
        self._run("initdb", "-D", str(self._data), "-U", "centre", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self._server = subprocess.Popen(
            [
                *self._as_server_user(),
                str(self._binaries / "postgres"),
                *("-D", str(self._data), "-k", str(self._directory), "-c", "listen_addresses="),
                *("-c", f"fsync={'on' if self._durable else 'off'}"),
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self._directory,
            env=_ENVIRONMENT,
        )
        if self._server.stderr is None:
            raise RuntimeError("asked for a pipe, got none")
        log = []
        for line in self._server.stderr:
            log.append(line.decode(errors="replace"))
            if b"ready to accept connections" in line:
                threading.Thread(target=self._server.stderr.read, name="postgres log", daemon=True).start()
                return self
        raise RuntimeError(f"postgres ended: {''.join(log)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)  # "immediate": nothing in it is needed any more
            self._server.wait(timeout=30)
        shutil.rmtree(self._directory, ignore_errors=True)

    def create_database(self) -> str:
        """A fresh, empty database; its SQLAlchemy URL."""
        name = f"centre_{uuid.uuid4().hex}"
        self._run("createdb", "-h", str(self._directory), "-U", "centre", name)
        return f"postgresql+psycopg://centre@/{name}?host={self._directory}"

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_server_user(), str(self._binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._directory,
            env=_ENVIRONMENT,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout.decode(errors='replace')}")

    def _as_server_user(self) -> list[str]:
        # The server dies with us, even when we are killed and no fixture runs its end.
        command = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            command += [f"--reuid={self._account.uid}", f"--regid={self._account.gid}", "--clear-groups"]
        return command


@contextmanager
def private_postgres(*, durable: bool = False) -> Iterator[PrivatePostgres]:
    """A cluster for as long as the block runs."""
    with PrivatePostgres(durable=durable) as server:
        yield server


def find_binaries() -> Path:
    """Where Debian put the newest server's programs.

    :raises PostgresMissing: see there.
    """
    versions = sorted(_BINARIES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        raise PostgresMissing(f"no initdb under {_BINARIES}: apt-get install postgresql")
    return versions[-1].parent


def _unprivileged_account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        found = pwd.getpwnam(_SERVER_USER)
    except KeyError as error:
        raise PostgresMissing(f"no user {_SERVER_USER}: apt-get install postgresql") from error
    return Account(found.pw_uid, found.pw_gid)
