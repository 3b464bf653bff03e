"""Why the centre does not do what was asked. The words stand in docs/protocol.md."""

from typing import Final

from kiosk.records.upload import Problem


class Declined(Exception):
    """Ends a request with a :class:`~kiosk.records.upload.Problem`."""

    def __init__(self, status: int, type_: str, detail: str = "", expected_sequence: int | None = None) -> None:
        super().__init__(f"{status} {type_} {detail}")
        self.status, self.type, self.detail = status, type_, detail
        self.expected_sequence = expected_sequence

    def problem(self, now: float) -> Problem:
        """The answer's body. :param now: centre's clock, seconds since 1970 UTC."""
        return Problem(
            type=self.type,
            detail=self.detail,
            expected_sequence=self.expected_sequence,
            centre_time_ms=int(now * 1000),
        )


BUSY: Final = 503


def malformed(detail: str) -> Declined:
    """Not gzip, not JSON, not the shape."""
    return Declined(400, "malformed", detail)


def bad_signature(detail: str) -> Declined:
    """Missing, wrong, or not over all that it must cover."""
    return Declined(401, "signature", detail)


def too_large(detail: str) -> Declined:
    """More entries or bytes than one request may have."""
    return Declined(413, "too_large", detail)


def unknown_session() -> Declined:
    """No such card session, expired, over, or another terminal's: which of these is not told."""
    return Declined(404, "unknown_session")
