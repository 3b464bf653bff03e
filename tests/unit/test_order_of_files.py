"""The suite begins its longest files first, by names that no file may outgrow."""

from pathlib import Path

import pytest

from tests.conftest import LONGEST

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("name", LONGEST)
def test_what_begins_first_is_there(name: str) -> None:
    assert (TESTS / name).is_file()


def test_they_come_first_and_the_rest_as_it_came(pytestconfig: pytest.Config) -> None:
    class Item:
        def __init__(self, name: str) -> None:
            self.path = TESTS / name

    items = [Item(name) for name in ("contract/test_b.py", LONGEST[1], "contract/test_a.py", LONGEST[0])]
    conftest = pytestconfig.pluginmanager.get_plugin(str(TESTS / "conftest.py"))
    assert conftest is not None
    conftest.pytest_collection_modifyitems(pytestconfig, items)
    assert [item.path for item in items] == [
        TESTS / name for name in (LONGEST[0], LONGEST[1], "contract/test_b.py", "contract/test_a.py")
    ]
