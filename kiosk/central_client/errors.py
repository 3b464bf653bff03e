"""What can go wrong between a terminal and its centre.

::

    CentreError
    ├── CentreUnreachable    no line, no answer in time, a cut answer, or the centre is busy or broken
    ├── CentreDistrusted     what answered did not prove to be our centre, or does not keep to the protocol
    └── CentreRefused        the centre itself says no; its problem says why
"""

from kiosk.records.upload import Problem


class CentreError(Exception):
    """No usable answer from the centre."""


class CentreUnreachable(CentreError):
    """Asking later may help."""

    def __init__(self, message: str, *, maybe_done: bool) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done
        """The question may have arrived: only its answer is missing."""


class CentreDistrusted(CentreError):
    """Wrong certificate, wrong or missing signature, or an answer outside the protocol; nothing of it was believed."""

    def __init__(self, message: str, *, maybe_done: bool) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done
        """The question was sent: whoever answered, the centre may have carried it out."""


class CentreRefused(CentreError):
    """A genuine answer of the centre that is a problem."""

    def __init__(self, status: int, problem: Problem, *, maybe_done: bool = False) -> None:
        super().__init__(f"{status} {problem.type}")
        self.status = status
        self.problem = problem
        self.maybe_done = maybe_done
        """The question had been asked before, and that answer was lost."""
