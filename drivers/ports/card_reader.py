"""What the terminal asks of a card reader and of the social-security card in it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from drivers.ports.pin import Pin


class CardKind(Enum):
    """What was put into the slot."""

    SOCIAL_SECURITY = "social_security"
    BANK_ONLY = "bank_only"
    """Has the payment environment (1PAY.SYS.DDF01) but no social-security environment."""
    BLANK = "blank"
    """A social-security chip that no one has personalised: the environment is there, EF05 is empty."""
    FOREIGN = "foreign"
    """Answers, but has neither environment: another country's, company's or document's card."""
    DEAD = "dead"
    """Gives no answer to reset: upside down, damaged, or no chip."""
    SILENT = "silent"
    """Answers to reset and then to nothing more: a failing chip or dirty contacts."""


@dataclass(frozen=True, slots=True)
class IssuerData:
    """EF05 of the social-security environment, free to read. Fields after LB 002-2000 / LD/T 32."""

    identification_code: str
    """16 bytes as 32 upper-case hex characters (tag 01)."""
    card_class: str
    norm_version: str
    """"1.00", "2.00" or "3.00" (tag 03)."""
    initialising_body: str
    """12 bytes as hex (tag 04)."""
    issued_on: date
    expires_on: date
    card_number: str = field(repr=False)
    """Nine characters, the last a check character (tag 07)."""
    region_code: str
    """Four digits GB/T 2260 from the historical bytes of the answer to reset."""


@dataclass(frozen=True, slots=True)
class HolderData:
    """EF06: the person. Never logged; ``repr`` shows nothing."""

    social_security_number: str = field(repr=False)
    name: str = field(repr=False)
    """Tags 09 and 4E joined, decoded as GB 18030."""
    sex: str = field(repr=False)
    """"1" male, "2" female, "9" not said (GB/T 2261.1)."""
    ethnic_group: str = field(repr=False)
    """"01" to "56" (GB/T 3304)."""
    birthplace: str = field(repr=False)
    """Six digits GB/T 2260."""
    birth_date: date = field(repr=False)


class LoggedKind(Enum):
    """What was paid for (wire profile, docs/wire.md)."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    PHARMACY = "pharmacy"
    REFUND = "refund"
    OTHER = "other"
    """A kind that is not known here."""


@dataclass(frozen=True, slots=True)
class LoggedTransaction:
    """One record of the chip's transaction log. Never logged; ``repr`` shows nothing of it."""

    number: int
    """1 is the newest."""
    at: datetime = field(repr=False)
    """China time, as the till wrote it, without a zone."""
    kind: LoggedKind = field(repr=False)
    amount_fen: int = field(repr=False)
    place: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DamagedRecord:
    """A record that does not read as one: told, never guessed at."""

    number: int


TransactionLog = tuple[LoggedTransaction | DamagedRecord, ...]
"""Newest first, at most ten (docs/wire.md); places in the file that were never written are left out."""


@dataclass(frozen=True, slots=True)
class PinCheck:
    """How the chip answered a PIN."""

    accepted: bool
    tries_left: int | None
    """Tries that remain, 0 = locked; None when the chip does not say."""

    @property
    def locked(self) -> bool:
        """Whether no try is left."""
        return not self.accepted and self.tries_left == 0


class AuthenticationAlgorithm(Enum):
    """Algorithm identifiers of the card (wire profile, docs/wire.md)."""

    TRIPLE_DES = 0x01
    SM4 = 0x03


@dataclass(frozen=True, slots=True)
class Challenge:
    """Random bytes to be answered: 8 for 3DES, 16 for SM4."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Cryptogram:
    """The answer to a challenge."""

    value: bytes


class HolderDataProtected(Exception):
    """EF06 of a 3.0 card is closed until an external authentication has succeeded. Expected, not a device fault."""


class ExternalAuthenticationRefused(Exception):
    """The card did not accept the cryptogram: wrong key, or not this card's challenge."""


class SocialSecurityCard(Protocol):
    """One insertion of one social-security card. Every method blocks, at most a few seconds.

    Every method may raise :class:`~drivers.ports.errors.MediaRemoved`, ``NotConnected``, ``TimedOut`` and
    ``ProtocolViolation``.
    """

    @property
    def algorithm(self) -> AuthenticationAlgorithm:
        """The algorithm of this card's keys, by its norm version: 3.00 SM4, older 3DES."""

    def read_issuer(self) -> IssuerData:
        """Read EF05."""

    def read_holder(self) -> HolderData:
        """Read EF06.

        :raises HolderDataProtected: a 3.0 card before :meth:`authenticate_terminal`.
        """

    def read_photo(self) -> bytes | None:
        """Read EF08, the holder's portrait as a JPEG of at most 4096 bytes; None where the chip has none.

        :raises HolderDataProtected: a 3.0 card before :meth:`authenticate_terminal`.
        """

    def read_transaction_log(self) -> TransactionLog | None:
        """Read EF08 of the medical application; None where the chip keeps no such log, or keeps it closed.

        What :meth:`authenticate_terminal` proved is forgotten over it, so it is read last.
        """

    def pin_tries_left(self) -> int | None:
        """Tries left, without spending one; 0 = locked, None = the chip does not say."""

    def verify_pin(self, pin: Pin) -> PinCheck:
        """Check the PIN on the chip; a wrong one spends a try."""

    def change_pin(self, old: Pin, new: Pin) -> PinCheck:
        """Change the PIN on the chip; a wrong old PIN spends a try. Success resets the counter."""

    def answer_challenge(self, challenge: Challenge) -> Cryptogram:
        """INTERNAL AUTHENTICATE: prove to whoever holds the key that this chip is the issuer's."""

    def draw_challenge(self) -> Challenge:
        """GET CHALLENGE: eight or sixteen bytes that :meth:`authenticate_terminal` must answer next."""

    def authenticate_terminal(self, cryptogram: Cryptogram) -> None:
        """EXTERNAL AUTHENTICATE: open what the card keeps closed.

        :raises ExternalAuthenticationRefused: the card did not accept it.
        """


class CardReader(Protocol):
    """A slot for one card. Methods block; one thread uses them."""

    def wait_for_card(self, timeout_s: float) -> CardKind:
        """Wait until a card is in the slot, reset it and tell what it is. A card that is there already counts.

        :raises TimedOut: no card within ``timeout_s``; nothing else is meant by it.
        :raises NotConnected: no such reader, no PC/SC daemon, or a silent one. The next call tries again.
        :raises MediaRemoved: pulled while it was looked at.
        """

    def card_present(self) -> bool:
        """Whether a card is in the slot now, without disturbing it.

        :raises NotConnected: no such reader, or no PC/SC daemon.
        """

    def card(self) -> SocialSecurityCard:
        """The card that :meth:`wait_for_card` found to be :attr:`CardKind.SOCIAL_SECURITY`.

        :raises MediaRemoved: there is none any more.
        """

    def release(self) -> None:
        """Power the card off and forget it; the citizen takes it out by hand. Harmless without a card."""

    def wait_for_removal(self, timeout_s: float) -> None:
        """Wait until the slot is empty.

        :raises TimedOut: the card is still there; nothing else is meant by it.
        :raises NotConnected: no such reader, no PC/SC daemon, or a silent one.
        """

    def close(self) -> None:
        """Leave the reader."""
