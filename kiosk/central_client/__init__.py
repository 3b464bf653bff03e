"""The terminal's line to its centre: signed questions, typed answers, one error tree."""

from kiosk.central_client.client import CentralClient
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.central_client.connection import CentreAdapter, SignedConnection
from kiosk.central_client.errors import CentreDistrusted, CentreError, CentreRefused, CentreUnreachable

__all__ = [
    "CentralClient",
    "CentreAdapter",
    "CentreDistrusted",
    "CentreError",
    "CentreRefused",
    "CentreUnreachable",
    "ClockOffset",
    "SignedConnection",
]
