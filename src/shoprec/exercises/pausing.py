"""A pause in a participant's notebook: *Run All* halts at a question until a guess has been written."""

from typing import Any


class Pause(Exception):
    """What halts a notebook; Jupyter shows its words, and no traceback."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return [f"⏸ {self}"]


def wait_for(guess: Any, question: str) -> None:
    """Halt the notebook unless a guess has been written.

    Parameters
    ----------
    guess : object
        ``...`` is not yet written.
    question : str
        What is asked, and how to go on.

    Raises
    ------
    Pause
        If there is no guess yet.

    Examples
    --------
    >>> wait_for("second", "Where will it come?")
    >>> wait_for(..., "Where will it come?")
    Traceback (most recent call last):
    shoprec.exercises.pausing.Pause: Where will it come?
    """
    if guess is ...:
        raise Pause(question)
