"""Filings that a terminal took down without the centre, as they arrive in its ledger: judged by the desk's own rules.

The transaction id is that of the question which nobody answered. Did it arrive after all, then it is filed already and
the entry changes nothing; did it not, it is filed now, or refused with the same words that stood on the screen.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.filing_rows import is_filed_as
from central.filings import FilingDesk, check_portrait, proxy_of
from central.keys import CentreKeys
from central.problems import Declined
from central.tables import Filing, FilingProxy, Holder
from kiosk.records.chain import sha256
from kiosk.records.filings import (
    PICTURED,
    Enclosure,
    FileMatter,
    FilingVerdict,
    IdentifiedBy,
    Matter,
    Proxy,
)
from kiosk.records.portrait import NoPortrait
from kiosk.records.sealing import Unreadable, open_enclosure
from kiosk.records.transaction import Transaction
from kiosk.records.upload import Malformed, SealedEnclosure, Verdict, decode

LOST_ENCLOSURE: Final = "enclosure_lost"
"""The alarm: a portrait that its person has handed in did not arrive, and why."""


class Lost(NamedTuple):
    """An enclosure that did not come with its entry."""

    sequence: int
    why: str
    """``expired``, ``missing`` or ``damaged``, the terminal's word; ``unreadable`` where it came and does not open."""


@dataclass(slots=True)
class ArrivalDesk:
    """Files what the entries of one upload say was taken down."""

    session: Session
    desk: FilingDesk
    keys: CentreKeys
    terminal: str
    ledger_id: bytes
    region: str
    """In which the terminal is enrolled."""
    enclosures: Mapping[int, SealedEnclosure]
    now_ms: int
    lost: list[Lost] = field(default_factory=list)
    """What staff must be told."""

    def judge(self, transaction: Transaction, sequence: int, at_ms: int, *, done_before: bool) -> tuple[Verdict, str]:
        """The verdict on one entry, filed where it says so.

        :param at_ms: when it was taken down, as far as the terminal's clock is believed.
        :param done_before: this transaction id has done something at the centre.
        """
        filing, number = transaction.filing, transaction.social_security_number
        if filing is None:
            raise ValueError("nothing was taken down")
        if transaction.identified_by in (None, IdentifiedBy.TYPED):
            return Verdict.REFUSED, "id_card_wanted"
        if transaction.region != self.region:
            return Verdict.REFUSED, "other_region"
        proxy = _proxy(transaction)
        before = self.session.get(Filing, transaction.transaction_id)
        if before is not None:
            # Only the answer was lost, and whatever went with the question is here.
            acting = proxy_of(self.session.get(FilingProxy, transaction.transaction_id))
            same = before.social_security_number == number and acting == proxy and is_filed_as(before, filing.matter)
            return (Verdict.APPLIED, "") if same else (Verdict.REFUSED, "foreign_transaction")
        if done_before:
            return Verdict.REFUSED, "foreign_transaction"
        question = self._question(transaction, sequence, filing.matter, proxy)
        try:
            filed = self.desk.take(self.session, self.terminal, question, self.region, at_ms, arrived_ms=self.now_ms)
        except Declined:
            return Verdict.REFUSED, "malformed_payload"
        match filed.verdict:
            case FilingVerdict.FILED:
                return Verdict.APPLIED, ""
            case FilingVerdict.ALREADY_FILED:
                return Verdict.SUPERSEDED, "already_filed"
            case FilingVerdict.UNKNOWN:
                return Verdict.REFUSED, "unknown_holder"
            case verdict:
                self.desk.refuse(self.session, self.terminal, question, self.region, verdict, self.now_ms)
                return Verdict.REFUSED, verdict.value

    def _question(self, transaction: Transaction, sequence: int, matter: Matter, proxy: Proxy | None) -> FileMatter:
        """The question that nobody answered, put together again from the entry and what came with it."""
        enclosure = self._enclosure(transaction, sequence)
        question = FileMatter(
            transaction_id=transaction.transaction_id,
            region=self.region,
            social_security_number=transaction.social_security_number,
            name=transaction.holder_name,
            identified_by=transaction.identified_by or IdentifiedBy.TYPED,
            matter=_with_reason(matter, NoPortrait.LOST if enclosure is None else enclosure.no_portrait),
            proxy=proxy,
            portrait=enclosure.portrait if enclosure is not None else None,
        )
        try:
            check_portrait(question, self.keys, self.desk.rules.of(self.region))
        except Declined:
            # Its person stood before the camera for it: the application is not lost with the picture.
            self.lost.append(Lost(sequence, "unreadable"))
            return msgspec.structs.replace(question, portrait=None, matter=_with_reason(matter, NoPortrait.LOST))
        return question

    def _enclosure(self, transaction: Transaction, sequence: int) -> Enclosure | None:
        """What came with the entry; None where something should have and did not."""
        digest = transaction.filing.enclosure if transaction.filing is not None else None
        if digest is None:
            return Enclosure()
        sealed = self.enclosures[sequence]
        if sealed.gone:
            self.lost.append(Lost(sequence, sealed.gone))
            return None
        if sha256(sealed.ciphertext) == digest:
            with suppress(Unreadable, Malformed):
                opened = open_enclosure(
                    sealed.sealed_key, sealed.ciphertext, self.ledger_id, transaction.transaction_id, self.keys.opening
                )
                return decode(opened, Enclosure)
        self.lost.append(Lost(sequence, "unreadable"))
        return None


def lock_holders(session: Session, numbers: Iterable[str]) -> None:
    """Lock those whose filings have arrived, in one order and before any card: the desk locks them first as well."""
    wanted = sorted(numbers)
    if wanted:
        key = Holder.social_security_number
        session.scalars(select(Holder).where(key.in_(wanted)).order_by(key).with_for_update()).all()


def _with_reason(matter: Matter, why: NoPortrait | None) -> Matter:
    return msgspec.structs.replace(matter, no_portrait=why) if isinstance(matter, PICTURED) else matter


def _proxy(transaction: Transaction) -> Proxy | None:
    filing = transaction.filing
    if filing is None or filing.relation is None:
        return None
    return Proxy(
        number=transaction.proxy_number,
        name=transaction.proxy_name,
        relation=filing.relation,
        to_show=filing.to_show,
    )
