"""``python -m central``: make a centre, let terminals in, serve."""

import sys

from central.command_line import main

if __name__ == "__main__":
    sys.exit(main())
