"""Self-checks of the book's exercises: they say what is wrong with an answer, and not what is right.

A module holds those of one notebook. They are found by their labels when one is asked for, so that what a notebook
has run doesn't rest on the words of a check.
"""

from importlib import import_module
from typing import Any

from shoprec.exercises.checking import Exercise, Report
from shoprec.words import Line

#: The module with the exercises of a notebook, by the second word of their labels.
MODULES = {
    "background": "background", "concepts": "core_concepts",
    "transformer": "transformer", "cf": "collaborative_filtering", "hybrid": "hybrid",
    "attention": "attention", "similarity": "similarity", "score": "hybrid_score",
    "project": "project",
    "products": "products", "content": "content", "ads": "advertising", "cross": "cross_platform",
    "tools": "tools",
    "scale": "scale", "domain": "cross_domain", "modal": "multimodal", "realtime": "real_time", "fair": "fairness",
    "privacy": "privacy",
    "explain": "explanations",
}  # fmt: skip


def find(label: str) -> Exercise | None:
    """The exercise of a label, if it has a self-check."""
    name = MODULES.get("-".join(label.split("-")[1:2]))
    exercises = vars(import_module(f"shoprec.exercises.{name}")).values() if name else ()
    return next((found for found in exercises if isinstance(found, Exercise) and found.label == label), None)


def check(label: str, *answers: Any) -> Report:
    """Check what was written in the starter of an exercise, and say in both languages what is wrong.

    Parameters
    ----------
    label : str
        Of the exercise, as in the notebook.
    *answers
        What the starter defines, in its order: functions, numbers, choices. ``...`` is not yet written.

    Returns
    -------
    Report
        A line for each part, which a notebook shows; true if all are right.

    Examples
    --------
    >>> check("ex-cross-hand", ...)
    ○ swap：还没有写。
    ○ swap: not yet written.
    >>> bool(check("ex-cross-hand", 1 / 3))
    True
    """
    if exercise := find(label):
        return exercise.judge(*answers)
    return Report(False, (Line(f"✗ 没有 {label} 的自查。", f"✗ There is no self-check for {label}."),))
