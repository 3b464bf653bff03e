"""What the terminal asks of a technician's card: a certificate, a PIN, and a key that never leaves it."""

from typing import Protocol

from drivers.ports.card_reader import CardKind, PinCheck
from drivers.ports.pin import Pin


class TechnicianCard(Protocol):
    """A technician's card in contact (docs/wire.md). Methods block; one thread uses them.

    Every method may raise :class:`~drivers.ports.errors.MediaRemoved`, :class:`~drivers.ports.errors.TimedOut`,
    :class:`~drivers.ports.errors.NotConnected` and :class:`~drivers.ports.errors.ProtocolViolation`.
    """

    def read_certificate(self) -> bytes:
        """The certificate of its authentication key, X.509 in DER. Free to read, and to copy: it proves nothing.

        :raises ProtocolViolation: it has none, or not in the form of the profile.
        """

    def verify_pin(self, pin: Pin) -> PinCheck:
        """Check the PIN on the card; a wrong one spends a try, and no try left means locked.

        :raises ProtocolViolation: the PIN is longer than eight digits, or the card answers outside the profile.
        """

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign with the authentication key, straight after :meth:`verify_pin`.

        :param digest: 32 bytes.
        :returns: ECDSA over P-256 as DER.
        :raises ProtocolViolation: the card will not, or answers outside the profile.
        """


class TechnicianCardReader(Protocol):
    """A slot into which technicians put their card. Methods block; one thread uses them."""

    def wait_for_card(self, timeout_s: float) -> CardKind:
        """See :meth:`drivers.ports.card_reader.CardReader.wait_for_card`; a technician's card is FOREIGN to it."""

    def technician_card(self) -> TechnicianCard | None:
        """The technician's card that :meth:`wait_for_card` found; None when it is any other.

        :raises MediaRemoved: there is no card any more.
        """

    def release(self) -> None:
        """Power the card off and forget it. Harmless without a card."""

    def close(self) -> None:
        """Leave the reader."""
