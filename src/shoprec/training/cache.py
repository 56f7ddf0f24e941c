"""Where the package keeps what it can compute again, and writing there: a file is the old one or the new, whole."""

import glob
import os
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from platformdirs import user_cache_path

ABANDONED = 3600  #: seconds after which a draft is no longer taken for one that another process is writing


def cache_folder() -> Path:
    """A folder of the user's own, or the one that the variable ``SHOPREC_CACHE`` names.

    Examples
    --------
    >>> cache_folder().is_absolute() or "SHOPREC_CACHE" in os.environ
    True
    """
    chosen = os.environ.get("SHOPREC_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("shoprec", appauthor=False)


def write_whole(file: Path, data: bytes) -> None:
    """Write a file so that whoever reads it, also after a crash on the way, finds the old bytes or all of the new.

    Parameters
    ----------
    file : path
        Its folder is made if need be.
    data : bytes

    Raises
    ------
    OSError
        If the disk or its rights don't let us; the old file, if there was one, is as it was.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    for old in file.parent.glob(f"{glob.escape(file.name)}.*.part"):  # of a process that was killed
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > ABANDONED:
                old.unlink()
    draft = file.with_name(f"{file.name}.{uuid4().hex[:12]}.part")  # of our own: another process may be writing, too
    try:
        with open(draft, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
