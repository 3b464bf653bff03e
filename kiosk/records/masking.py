"""How personal data is shown: never whole unless the citizen holds the eye button (docs/ux-rules.md rule 11)."""


def mask_name(name: str) -> str:
    """张*明 for three characters and more, 张* for two; a single character is hidden whole."""
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_name_in_words(name: str) -> str:
    """The same with the name's gaps kept, for a long name of letters: lines end where the name's do. J*** **N."""
    return "".join(" " if char == " " else mask for char, mask in zip(name, mask_name(name), strict=True))


def mask_number(number: str) -> str:
    """First three and last two characters of an ID or social security number.

    Six and four, as often printed, leave about 331 candidate birth dates.
    """
    if len(number) <= 5:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def mask_card_number(number: str) -> str:
    """First and last two characters of a card number."""
    if len(number) <= 3:
        return "*" * len(number)
    return number[0] + "*" * (len(number) - 3) + number[-2:]


def mask_account(number: str) -> str:
    """The last four digits of a bank account."""
    return "*" * 4 + number[-4:]


def mask_address(address: str) -> str:
    """At most the first three characters, which name a city or a county, and not how long the rest is."""
    return address[: min(3, len(address) // 2)] + "*" * 6


def mask_phone(number: str) -> str:
    """First three and last four digits of a mobile number."""
    return number[:3] + "*" * (len(number) - 7) + number[-4:]
