"""Rubbish on every wire: docs/fuzz.md. A target turns bytes into one case; two engines make the bytes."""
