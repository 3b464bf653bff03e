"""The hardware bench: the terminal's screen and its physical side in a browser, on loopback only."""
