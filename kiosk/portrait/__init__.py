"""The portrait for the card: what the norm demands, what a picture measures, how it is finished (docs/portrait.md)."""
