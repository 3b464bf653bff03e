"""Instant replacements whose power is cut at random, judged from outside: docs/chaos.md."""
