"""Chinese search by character pairs, and one hit for each page.

Sphinx cuts the index into words with a dictionary but leaves the query whole, so 推荐系统 finds nothing.
Cutting both into overlapping pairs (推荐, 荐系, 系统) needs no dictionary and can't disagree.
"""

import itertools
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

HAN = "\u3400-\u4dbf\u4e00-\u9fff"


class BigramChinese(SearchChinese):
    """Index and query Chinese by overlapping character pairs, and everything else by words."""

    js_splitter_code = rf"""
var splitQuery = (query) =>
  (query.match(/[{HAN}]+|(?:(?![{HAN}])[\p{{L}}\p{{N}}_])+/gu) || []).flatMap((word) =>
    /^[{HAN}]{{2,}}$/.test(word) ? [...word].slice(1).map((next, i) => word[i] + next) : [word]);
"""

    def split(self, text: str) -> list[str]:
        """Split a page's text as the script above splits a query.

        >>> BigramChinese({}).split("推荐系统 hybrid")
        ['推荐', '荐系', '系统', 'hybrid']
        """
        runs = re.findall(f"[{HAN}]+", text)
        pairs = [first + second for run in runs for first, second in itertools.pairwise(run)]
        return pairs + self.latin1_letters.findall(text)


def drop_index_entries(app: Sphinx, doctree: nodes.document) -> None:
    """Leave out what only an index needs: the search would show a page again for each term of a glossary."""
    for entries in list(doctree.findall(addnodes.index)):
        entries.parent.remove(entries)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_search_language(BigramChinese)
    app.connect("doctree-read", drop_index_entries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
