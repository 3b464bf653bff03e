"""The way to the centre, step by step: the first step that fails is the one to mend."""

import ipaddress
import socket
import ssl
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kiosk import bootstrap
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.central_client.connection import CONNECT_TIMEOUT_S
from kiosk.central_client.errors import CentreDistrusted, CentreRefused, CentreUnreachable
from kiosk.configuration import with_credentials_of
from kiosk.credentials import read_centre_keys
from kiosk.records.health import AskTerminal, TerminalTold
from kiosk.technician.causes import Cause
from kiosk.technician.machine import Verdict
from kiosk.technician.subject import NotTried, Subject

ENDS_SOON_S: Final = 30 * 24 * 3600.0
"""A month, so that a renewal can be asked for and done."""
_LINKS: Final = Path("/sys/class/net")
_ROUTES: Final = Path("/proc/net/route")


def link(subject: Subject) -> Verdict:
    """A cable that carries, unless the centre is on this machine."""
    if _is_here(_host(subject)):
        return None, "the centre is on this machine"
    states = {
        found.name: (found / "operstate").read_text("ascii").strip()
        for found in sorted(_LINKS.iterdir())
        if found.name != "lo" and (found / "operstate").exists()
    }
    told = ", ".join(f"{name} is {state}" for name, state in states.items()) or "no network device"
    return (None if "up" in states.values() or "unknown" in states.values() else Cause.NO_LINK), told


def address(subject: Subject) -> Verdict:
    """A way out, unless the centre is on this machine."""
    if _is_here(_host(subject)):
        return None, "the centre is on this machine"
    lines = [line.split() for line in _ROUTES.read_text("ascii").splitlines()[1:]]
    if not lines:
        return Cause.NO_ADDRESS, "no route leads anywhere"
    return None, ", ".join(sorted({line[0] for line in lines}))


def name(subject: Subject) -> Verdict:
    """The centre's name becomes an address."""
    host, port = _host(subject), _port(subject)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Cause.NAME_NOT_FOUND, f"{host}: {error.strerror}"
    return None, ", ".join(sorted({str(one[4][0]) for one in found}))


def reach(subject: Subject) -> Verdict:
    """The centre's port takes a connection."""
    host, port = _host(subject), _port(subject)
    try:
        with socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S):
            return None, f"{host}:{port}"
    except OSError as error:
        return Cause.CENTRE_NOT_REACHED, f"{host}:{port}: {error.strerror or type(error).__name__}"


def certificate(subject: Subject) -> Verdict:
    """What answers proves by a certificate of the one authority that it is the centre."""
    host, port = _host(subject), _port(subject)
    try:
        context = ssl.create_default_context(cafile=subject.configuration.centre.ca)
    except OSError as error:  # ssl.SSLError is one
        return Cause.CERTIFICATE_WRONG, f"{subject.configuration.centre.ca}: {error.strerror or error}"
    try:
        with (
            socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as line,
        ):
            ends = ssl.cert_time_to_seconds(str((line.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        expired = error.verify_code == _HAS_EXPIRED
        return (Cause.CERTIFICATE_EXPIRED if expired else Cause.CERTIFICATE_WRONG), error.verify_message
    except OSError as error:
        return Cause.CENTRE_NOT_REACHED, f"no TLS: {error.strerror or type(error).__name__}"
    left_s = ends - time.time()
    found = f"good for {left_s / 86400:.0f} days"
    return (Cause.CERTIFICATE_ENDS_SOON if left_s < ENDS_SOON_S else None), found


_HAS_EXPIRED: Final = 10
"""X509_V_ERR_CERT_HAS_EXPIRED."""


def sign_in(subject: Subject) -> Verdict:
    """The centre knows this terminal, and its answer is the centre's."""
    configuration = with_credentials_of(subject.environment, subject.configuration)
    connection = bootstrap.connect(
        configuration, read_centre_keys(configuration), ClockOffset(configuration.offset_path)
    )
    began = time.monotonic()
    try:
        told = connection.ask("/v1/terminal", AskTerminal(), TerminalTold)
    except CentreUnreachable as error:
        raise NotTried(str(error)) from error
    except CentreDistrusted as error:
        return Cause.CENTRE_DISTRUSTED, str(error)
    except CentreRefused as error:
        word = error.problem.type
        cause = {"unknown_terminal": Cause.NOT_ENROLLED, "revoked": Cause.REVOKED}.get(
            word, Cause.NOT_ENROLLED if word == "signature" else Cause.UPLINK_HALTED
        )
        subject.is_stranger = cause is Cause.NOT_ENROLLED
        return cause, word
    finally:
        connection.close()
    subject.signed_in = True
    return None, f"known as {told.terminal}, answered in {(time.monotonic() - began) * 1000:.0f} ms"


def _host(subject: Subject) -> str:
    return urlsplit(subject.configuration.centre.url).hostname or ""


def _port(subject: Subject) -> int:
    return urlsplit(subject.configuration.centre.url).port or 443


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
