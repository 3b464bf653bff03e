"""kill -9 of the uplink and of the terminal at random moments loses nothing and doubles nothing.

KIOSK_KILLS sets how often; KIOSK_SEED repeats a run.
"""

import os
import random

from tests.e2e import chaos


def test_kills_lose_and_double_nothing() -> None:
    kills = int(os.environ.get("KIOSK_KILLS", "20"))
    seed = int(os.environ.get("KIOSK_SEED", str(random.randrange(1 << 32))))
    result = chaos.run(kills, seed)
    assert (result["lost"], result["double"], result["out_of_order"]) == (0, 0, 0), f"seed {seed}: {result}"
    assert result["kills"] >= kills
    assert result["stored"] >= result["acknowledged"] > kills
