"""kill -9 of the uplink, the terminal and the centre at random moments loses nothing and doubles nothing.

KIOSK_KILLS sets how often; KIOSK_SEED repeats a run.
"""

import os
import random

from tests.e2e import chaos


def test_kills_lose_and_double_nothing() -> None:
    kills = int(os.environ.get("KIOSK_KILLS", "8"))
    plan = chaos.Plan(kills, 0, kills // 4, int(os.environ.get("KIOSK_SEED", str(random.randrange(1 << 32)))))
    count = chaos.run(plan)
    assert count.sound, f"{plan}: {count}"
    assert (count.kills, count.centre_kills) == (kills, kills // 4)
    assert count.stored >= count.acknowledged > kills
    assert count.sent_again == count.stored
