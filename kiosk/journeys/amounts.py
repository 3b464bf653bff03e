"""Money in words."""


def yuan(fen: int) -> str:
    """An amount of fen as yuan with two decimals and grouped thousands: 1234567 → 12,345.67."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole:,}.{rest:02}"
