"""A PostgreSQL cluster of the tests' own: Debian's binaries, a temporary directory, a unix socket, no port.

Whatever PostgreSQL the machine already runs is never touched.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_BINARIES = Path("/usr/lib/postgresql")
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

    def __enter__(self) -> Self:
        os.chown(self._directory, self._account.uid, self._account.gid)
        self._run("initdb", "-D", str(self._data), "-U", "centre", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-c listen_addresses='' -k {self._directory} -c fsync={'on' if self._durable else 'off'}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._directory / "log"), "-o", options, "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")
        finally:
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
        # pg_ctl's server keeps standard output open: it must not be a pipe of ours.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", "")},
                user=self._account.uid if os.geteuid() == 0 else None,
                group=self._account.gid if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
                check=False,
            )
            if done.returncode != 0:
                output.seek(0)
                raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")


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
