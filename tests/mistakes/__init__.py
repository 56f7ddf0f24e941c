"""Typical wrong answers to the book's exercises, a module for each of those of checks, and what readers are told."""

from typing import Any, NamedTuple


class Wrong(NamedTuple):
    """A wrong answer to a part of an exercise, and words of what is said to it in Chinese and in English."""

    label: str
    part: str
    answer: Any
    zh: str
    en: str
