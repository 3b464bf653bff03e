"""Faults of the way to the centre, one step after the other, and of what answers there."""

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy import update

from central.enrolment import revoke
from central.tables import Terminal
from tests.e2e.technician.in_its_place import Authority, saying_nothing, speaking_tls
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.site import Site


@contextmanager
def _cable_out(site: Site) -> Iterator[None]:
    site.machine.pull_cable()
    yield
    site.machine.plug_cable()


@contextmanager
def _no_address(site: Site) -> Iterator[None]:
    site.machine.lose_address()
    yield
    site.machine.get_address()


@contextmanager
def _name_unknown(site: Site) -> Iterator[None]:
    site.machine.name_centre(known=False)
    yield
    site.machine.name_centre(known=True)


@contextmanager
def _nobody_listens(site: Site) -> Iterator[None]:
    site.cable.unplug()
    yield
    site.cable.plug()


@contextmanager
def _says_nothing(site: Site) -> Iterator[None]:
    with saying_nothing() as port:
        site.cable.lead_to(port)
        yield
        site.cable.lead_to(site.centre.port)


@contextmanager
def _answered_by(site: Site, authority: Authority, good_for: datetime.timedelta) -> Iterator[None]:
    certificate, key = site.workbench / "other.pem", site.workbench / "other.key"
    authority.write(certificate, key, good_for)
    with speaking_tls(certificate, key) as port:
        site.cable.lead_to(port)
        yield
        site.cable.lead_to(site.centre.port)


@contextmanager
def _expired(site: Site) -> Iterator[None]:
    with _answered_by(site, site.authority, datetime.timedelta(days=-1)):
        yield


@contextmanager
def _stranger(site: Site) -> Iterator[None]:
    with _answered_by(site, Authority("a stranger"), datetime.timedelta(days=300)):
        yield


@contextmanager
def _unsigned(site: Site) -> Iterator[None]:
    """The centre's own name and authority, and an answer that nobody has signed."""
    with _answered_by(site, site.authority, datetime.timedelta(days=300)):
        yield


@contextmanager
def _ends_soon(site: Site) -> Iterator[None]:
    """The centre goes on with a certificate that has nine days to live."""
    settings = site.centre.settings
    site.authority.write(settings.tls_certificate, settings.tls_key, datetime.timedelta(days=9))
    site.centre.restart()
    yield
    site.authority.write(settings.tls_certificate, settings.tls_key)
    site.centre.restart()


@contextmanager
def _not_enrolled(site: Site) -> Iterator[None]:
    with site.edited(f'id = "{site.id}"', 'id = "zmd-0404"'):
        yield


@contextmanager
def _revoked(site: Site) -> Iterator[None]:
    """Just now: the uplink has not heard of it yet, and still brings what it has."""
    with site.uplink_still():
        revoke(site.centre.database, site.id, lambda: 1_700_000_000.0)
        yield
        with site.centre.database.writing() as session:  # nobody can: a centre enrols it anew, with another ledger
            session.execute(update(Terminal).values(revoked_at=None))


WAY: Final[Mapping[str, Plant]] = {
    "network cable out": _cable_out,
    "no address": _no_address,
    "centre's name unknown": _name_unknown,
    "nobody listens": _nobody_listens,
    "what listens says nothing": _says_nothing,
    "certificate expired": _expired,
    "certificate of a stranger": _stranger,
    "certificate ends soon": _ends_soon,
    "answer without a signature": _unsigned,
    "not enrolled": _not_enrolled,
    "revoked": _revoked,
}
