"""The one error tree of all devices.

::

    DeviceError
    ├── NotConnected        the device (or its daemon) is not there, or has gone
    ├── TimedOut            nothing happened within the time the caller allowed
    ├── EntryCancelled      the citizen pressed cancel, or the terminal cancelled the entry
    ├── ProtocolViolation   the device answered something its protocol does not allow
    ├── MediaRemoved        the card, or the paper, left while it was needed
    ├── MediaJammed         the medium moves neither in nor out
    │   └── TwoFed          two blank cards left the hopper at once
    ├── MediaExhausted      nothing left to feed or print on, or no ribbon to print with
    ├── MediaPresent        a medium is where none may be
    ├── StorageFull         a bin takes no more
    ├── PartlyPrinted       some of a slip or of a card's face is printed, the rest is not known to be
    ├── PictureDark         a camera delivers nothing but darkness
    ├── PictureFrozen       a camera delivers one and the same picture over and over
    ├── NotEquipped         the device has no such part; its abilities say so beforehand
    └── Busy                another process holds the device

A driver raises these only; the library's own error is chained with ``raise … from``.
Texts name the device and what it did, never a citizen's data.
"""


class DeviceError(Exception):
    """A device did not do what was asked of it."""

    def __init__(self, device: str, what: str) -> None:
        """
        :param device: the port's noun: ``card_reader``, ``pin_pad``, ``camera``.
        :param what: what the device did, in technician's English.
        """
        super().__init__(f"{device}: {what}")
        self.device = device
        self.what = what


class NotConnected(DeviceError):
    """The device, or the daemon that serves it, is not there."""


class TimedOut(DeviceError):
    """Nothing happened within the time allowed."""


class EntryCancelled(DeviceError):
    """An entry was cancelled, at the device or by the terminal."""


class ProtocolViolation(DeviceError):
    """The device answered outside its protocol."""


class MediaRemoved(DeviceError):
    """The card, or the paper, left while it was needed."""


class MediaJammed(DeviceError):
    """The medium moves neither in nor out."""


class TwoFed(MediaJammed):
    """Two blank cards left the hopper at once and lie in the device."""


class MediaExhausted(DeviceError):
    """Nothing left to feed or print on, or no ribbon to print with."""


class MediaPresent(DeviceError):
    """A medium is where none may be."""


class StorageFull(DeviceError):
    """A bin takes no more."""


class PartlyPrinted(DeviceError):
    """Some of a slip or of a card's face is printed, and the rest is not known to be."""


class PictureDark(DeviceError):
    """A camera delivers nothing but darkness: its lens is covered, or its sensor is dead."""


class PictureFrozen(DeviceError):
    """A camera delivers one and the same picture over and over."""


class NotEquipped(DeviceError):
    """The device has no such part. Its abilities say so beforehand, so whoever asks all the same is to be mended."""


class Busy(DeviceError):
    """Another process holds the device."""
