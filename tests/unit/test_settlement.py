"""The sums of a receipt, against worked examples typed by hand."""

import msgspec
import pytest

from kiosk.records.settlement import Shares, Sum, disagreements, remaining_deductible


def shares(total: int, fund: int, person: int, in_range: int, own_share: int, out_of_range: int, cash: int) -> Shares:
    return Shares(
        total_fen=total,
        fund_fen=fund,
        person_fen=person,
        in_range_fen=in_range,
        own_share_fen=own_share,
        out_of_range_fen=out_of_range,
        cash_fen=cash,
    )


@pytest.mark.parametrize(
    "right",
    [
        # A visit under the deductible: the fund pays its 2 yuan of the visit fee, the person all the rest in cash.
        shares(total=15000, fund=200, person=14800, in_range=12000, own_share=11800, out_of_range=3000, cash=14800),
        # Over the deductible, nothing out of range, part of it not in cash.
        shares(total=50010, fund=35007, person=15003, in_range=50010, own_share=15003, out_of_range=0, cash=10001),
        # Nothing in range: the fund pays nothing.
        shares(total=9999, fund=0, person=9999, in_range=0, own_share=0, out_of_range=9999, cash=9999),
        shares(total=0, fund=0, person=0, in_range=0, own_share=0, out_of_range=0, cash=0),
    ],
)
def test_a_receipt_that_adds_up(right: Shares) -> None:
    assert disagreements(right) == ()


@pytest.mark.parametrize(
    ("wrong", "sums"),
    [
        # 100.00 is not 70.00 + 30.01.
        (shares(10000, 7000, 3001, 9000, 2000, 1001, 3001), (Sum.TOTAL,)),
        # 30.00 is not 10.00 + 19.99, and 90.00 not 70.00 + 19.99.
        (shares(10000, 7000, 3000, 9000, 1999, 1000, 3000), (Sum.PERSON, Sum.IN_RANGE)),
        # 90.01 is not 70.00 + 20.00.
        (shares(10000, 7000, 3000, 9001, 2000, 1000, 3000), (Sum.IN_RANGE,)),
        # 30.01 in cash of 30.00 borne.
        (shares(10000, 7000, 3000, 9000, 2000, 1000, 3001), (Sum.CASH,)),
        # One fen too much in the total alone.
        (shares(10001, 7000, 3000, 9000, 2000, 1000, 3000), (Sum.TOTAL,)),
    ],
)
def test_a_receipt_that_does_not_add_up_is_found_to_the_fen(wrong: Shares, sums: tuple[Sum, ...]) -> None:
    assert disagreements(wrong) == sums


@pytest.mark.parametrize(
    ("deductible", "used", "left"),
    [
        (180000, 0, 180000),
        (180000, 125050, 54950),
        (180000, 180000, 0),
        (130000, 129999, 1),
        (130000, 130001, None),
    ],
)
def test_what_remains_of_the_deductible(deductible: int, used: int, left: int | None) -> None:
    assert remaining_deductible(deductible, used) == left


@pytest.mark.parametrize("value", ["-1", "1.5", '"100"', str(1 << 47)])
def test_money_is_whole_fen_within_bounds(value: str) -> None:
    fields = ",".join(f'"{name}":0' for name in Shares.__struct_fields__ if name != "cash_fen")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{{fields},"cash_fen":{value}}}', type=Shares)


def test_figures_of_citizens_stay_out_of_logs() -> None:
    assert repr(shares(15000, 200, 14800, 12000, 11800, 3000, 14800)) == "<Shares>"
