import pytest

from kiosk.ui.taps import TapGate


@pytest.mark.parametrize(("after", "opens"), [(0.0, False), (0.1, False), (0.39, False), (0.41, True), (9.0, True)])
def test_a_second_tap_waits_400_milliseconds(after: float, opens: bool) -> None:
    gate = TapGate()
    assert gate.opens(100.0)
    gate.passed(100.2)
    assert gate.opens(100.2 + after) is opens


def test_a_clock_that_is_set_back_does_not_lock_the_screen() -> None:
    gate = TapGate()
    gate.passed(5000.0)
    assert gate.opens(1400.0)


def test_typing_keys_follow_each_other_at_once_but_do_not_bounce() -> None:
    gate = TapGate()
    gate.key_passed("5", ended=10.0)
    assert gate.opens_key("6", began=10.01) is True
    assert gate.opens_key("5", began=10.1) is False
    assert gate.opens_key("5", began=10.2) is True


def test_a_typing_key_waits_after_a_button() -> None:
    gate = TapGate()
    gate.passed(ended=10.0)
    assert gate.opens_key("6", began=10.3) is False
