"""Numbers as the book prints them."""


def number(text: str) -> float:
    """Read a number whose minus is one."""
    return float(text.replace("−", "-"))
