"""How what a cell shows is set: a minus is a minus, no zero has one, and 汉字 keep their distance from Latin."""

import re

_MINUS = re.compile(r"(?<![\w.\-])-(?=\.?\d)")  # not the hyphen of a name or a date, nor of an exponent
_ZERO = re.compile(r"(?<![\w.])−(?=0(?:\.0+)?(?![\d.]*[1-9]))")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_LATIN = "A-Za-z0-9\u0370-\u03ff\U0001d400-\U0001d7ff"
_TOUCHING = re.compile(f"(?<=[{_HAN}])(?=[{_LATIN}])|(?<=[{_LATIN}%‰])(?=[{_HAN}])")
_TEXT = re.compile(r"<(script|style)\b.*?</\1>|(?<=>)[^<>]+(?=<)", re.DOTALL)


def signed(text: str) -> str:
    """Set the signs of the numbers in a text: − for a hyphen, and none before a zero.

    Examples
    --------
    >>> signed("-0.004 [-0.000, 0.010], 2017-11-01, 1e-05, UTF-8")
    '−0.004 [0.000, 0.010], 2017-11-01, 1e-05, UTF-8'
    >>> signed("-0.0%, -10, -.5")
    '0.0%, −10, −.5'
    """
    return _ZERO.sub("", _MINUS.sub("−", text))


def spaced(text: str) -> str:
    """Put a space between 汉字 and the Latin letters and digits beside them, as where a name has been filled in.

    Examples
    --------
    >>> spaced("去掉Transformer，12月的95%"), spaced("去掉热门榜")
    ('去掉 Transformer，12 月的 95%', '去掉热门榜')
    """
    return _TOUCHING.sub(" ", text)


def typeset(text: str) -> str:
    """Set a text that is shown.

    Examples
    --------
    >>> typeset("减去Transformer：-0.012")
    '减去 Transformer：−0.012'
    """
    return spaced(signed(text))


def typeset_html(html: str) -> str:
    """Set what HTML shows, and leave its tags, scripts and styles as they are.

    Examples
    --------
    >>> typeset_html('<td style="margin: -1px">-1</td><td>减去Transformer</td><script>[-1]</script>')
    '<td style="margin: -1px">−1</td><td>减去 Transformer</td><script>[-1]</script>'
    """
    return _TEXT.sub(lambda found: found[0] if found[1] else typeset(found[0]), html)
