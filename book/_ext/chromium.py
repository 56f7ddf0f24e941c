"""Where the browser is that prints the book and tests its pages."""

import os
from pathlib import Path

# The first is made for this: without a window's parts it takes less than half the time of the second.
DEBIAN = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))


def chromium() -> Path:
    """Return the browser that CHROMIUM names, or one where Debian puts it."""
    named = os.environ.get("CHROMIUM")
    return Path(named) if named else next(filter(Path.exists, DEBIAN), DEBIAN[0])
