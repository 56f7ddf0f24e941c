"""Custom elements that a notebook carries in its own output: no server, no dependency.

A widget is a function that returns HTML, and a script and a style sheet of the same name. Without scripts its
output is still a complete table or text; every text stands there in Chinese and in English.
"""

from shoprec.widgets.attention_explorer import attention_explorer
from shoprec.widgets.hybrid_ranker import hybrid_slider

__all__ = ["attention_explorer", "hybrid_slider"]
