"""The tour's second half, in a file of its own so that a second worker takes it."""

from pathlib import Path

import pytest

from tests.e2e.tour.trial import HALVES, serve_regions

pytestmark = pytest.mark.stack


@pytest.mark.timeout(1800)
def test_every_citizen_of_the_second_half_is_served_as_the_table_says(tmp_path: Path) -> None:
    serve_regions(tmp_path / "tour", HALVES[1])
