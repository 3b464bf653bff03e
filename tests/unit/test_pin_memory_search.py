"""The searcher finds what it is given: bytes typed by hand, borders, this very process."""

import os
from pathlib import Path

import pytest

from drivers.ports.pin import LockedPage
from tests.memory_search import Finding, forms_of, search_file, search_process


def test_forms() -> None:
    assert forms_of("12345") == {
        "ASCII": b"12345",
        "BCD": b"\x12\x34\x5f",
        "BCD padded with F": b"\x12\x34\x5f\xff\xff\xff\xff\xff",
        "UTF-16LE": b"1\x002\x003\x004\x005\x00",
        "UTF-16BE": b"\x001\x002\x003\x004\x005",
        "UTF-32LE": b"1\x00\x00\x002\x00\x00\x003\x00\x00\x004\x00\x00\x005\x00\x00\x00",
        "UTF-32BE": b"\x00\x00\x001\x00\x00\x002\x00\x00\x003\x00\x00\x004\x00\x00\x005",
    }


@pytest.mark.parametrize("at", [0, (1 << 16) - 6, (1 << 16) - 1, 1 << 16, 65525 + (1 << 16) - 3, (2 << 20) + 500 - 12])
def test_a_file_is_searched_across_the_borders_of_its_pieces(tmp_path: Path, at: int) -> None:
    file = tmp_path / "core"
    octets = bytearray((2 << 20) + 500)
    octets[at : at + 12] = b"908172635441"
    file.write_bytes(octets)
    assert search_file(file, {"ASCII": b"908172635441"}) == [Finding("ASCII", "core", at)]
    assert search_file(file, {"ASCII": b"908172635442"}) == []


def test_a_process_is_searched_and_locked_pages_can_be_left_out() -> None:
    needle = os.urandom(16)
    kept = bytearray(needle)
    page = LockedPage()
    page.view[100:116] = kept
    everywhere = search_process(os.getpid(), {"marker": needle})
    assert page.address + 100 in {finding.address for finding in everywhere}
    swappable = search_process(os.getpid(), {"marker": needle}, swappable_only=True)
    assert swappable
    assert page.address + 100 not in {finding.address for finding in swappable}


def test_an_empty_needle_is_refused() -> None:
    with pytest.raises(ValueError, match="empty needle"):
        search_process(os.getpid(), {"nothing": b""})
    with pytest.raises(ValueError, match="empty needle"):
        search_process(os.getpid(), {})
