"""What may answer in the centre's place: its name with another certificate, or nothing that it has signed."""

import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.technician.ground import CENTRE_NAME

_PEM: Final = serialization.Encoding.PEM
_GOOD_FOR: Final = datetime.timedelta(days=300)


class Authority:
    """Whoever writes certificates: the centre's own, or one that nobody of the terminal's has heard of."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def write_own(self, file: Path) -> None:
        """Its own certificate, which the terminal is given as ``centre.ca``."""
        basic = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        built = self._builder(self._name, self._key, _GOOD_FOR).add_extension(basic, critical=True)
        file.write_bytes(built.add_extension(usage, critical=True).sign(self._key, hashes.SHA256()).public_bytes(_PEM))

    def write(self, certificate: Path, key: Path, ends_in: datetime.timedelta = _GOOD_FOR) -> None:
        """A certificate of the centre's name, and its key."""
        own = ec.generate_private_key(ec.SECP256R1())
        here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = [x509.DNSName(CENTRE_NAME), x509.DNSName("localhost"), here]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CENTRE_NAME)])
        built = self._builder(subject, own, ends_in).add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        plain = serialization.NoEncryption()
        key.write_bytes(own.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, plain))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, ends_in: datetime.timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(tz=datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=400))
            .not_valid_after(now + ends_in)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


class _Unsigned(http.server.BaseHTTPRequestHandler):
    """Every question has the same polite answer, as a captive portal's."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever finds the certificate wrong leaves in the middle."""


@contextmanager
def speaking_tls(certificate: Path, key: Path) -> Iterator[int]:
    """A server with this certificate whose answers nobody has signed; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = _Server(("127.0.0.1", 0), _Unsigned)
    # The handshake belongs to the thread of each connection, or one that stalls would stall them all.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def saying_nothing() -> Iterator[int]:
    """A port that takes connections and says nothing; its number."""
    with socket.create_server(("127.0.0.1", 0), backlog=32) as server:
        yield server.getsockname()[1]
