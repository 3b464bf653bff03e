"""How each device last answered, for technicians: the screens need less, and say it otherwise."""

from collections.abc import Callable

from drivers.ports.errors import DeviceError
from kiosk.journeys.faults import fault_code
from kiosk.records.health import DeviceHealth


class DeviceStates:
    """What was last heard of each device, and since when it is like this. One thread uses it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """:param now_ms: milliseconds since 1970 UTC."""
        self._now_ms = now_ms
        self._states: dict[str, DeviceHealth] = {}

    def note(self, device: str, error: BaseException | None) -> None:
        """Take down that a device has answered, or how it failed; what is no fault of a device is not taken down.

        :param device: the port's noun.
        """
        if error is not None and not isinstance(error, DeviceError):
            return
        code, found = ("", "") if error is None else (fault_code(error), error.what)
        before = self._states.get(device)
        if before is None or before.code != code:
            self._states[device] = DeviceHealth(device=device, code=code, found=found, since_ms=self._now_ms())

    @property
    def all(self) -> tuple[DeviceHealth, ...]:
        """Every device that was heard of."""
        return tuple(self._states.values())
