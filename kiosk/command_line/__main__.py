"""``python -m kiosk.command_line card show``: the technician's commands without the application around them."""

import argparse
import sys

from drivers.card_reader import PcscCardReader
from kiosk.command_line import card


def main() -> int:
    """Parse the arguments, run the command, return its exit code."""
    parser = argparse.ArgumentParser(prog="kiosk")
    subparsers = parser.add_subparsers(required=True)
    card.add_parser(subparsers)
    return card.run(parser.parse_args(), PcscCardReader)


if __name__ == "__main__":
    sys.exit(main())
