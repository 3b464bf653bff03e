"""What a planted fault is: a block, at whose end the terminal is well again."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.e2e.technician.site import Site

Plant = Callable[[Site], AbstractContextManager[None]]
