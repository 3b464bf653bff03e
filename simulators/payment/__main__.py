"""``python -m simulators.payment DIRECTORY --port N --notify-url URL``: a provider with fresh keys, until it is ended.

``DIRECTORY/listens`` says where it is. ``DIRECTORY/payment.toml`` is what the centre is given (``central init
--payment``). ``GET /bench/orders`` lists what can be paid, ``POST /bench/pay?code_url=…`` pays it.
"""

import argparse
from pathlib import Path

from simulators.payment.keys import make_keys
from simulators.payment.server import SimulatedProvider


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="simulators.payment", description="Simulated payment provider")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--notify-url", required=True, help="where the centre takes notifications")
    parser.add_argument("--trust", type=Path, help="the CA of the centre; it is told of payments only with this")
    options = parser.parse_args()
    provider = SimulatedProvider(port=options.port)
    provider.trust = options.trust
    provider.keys, file = make_keys(options.directory, gateway=provider.url, notify_url=options.notify_url)
    print(f"{provider.url} {file}", flush=True)
    fresh = options.directory / "listens.new"
    fresh.write_text(provider.url, encoding="ascii")
    fresh.replace(options.directory / "listens")  # whoever sees it reads all of it
    provider.serve()


if __name__ == "__main__":
    main()
