"""``NAME=VALUE`` of command-line options, taken apart in one way."""


def named_value(text: str) -> tuple[str, str]:
    """Return ``NAME=VALUE`` as a pair, without blanks around either; of a value alone: no name."""
    name, _, value = text.rpartition("=")
    return name.strip(), value.strip()
