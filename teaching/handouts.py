"""Make what a class gets on paper: a worksheet, a page of formulas, a page of take-aways; for the teacher, the answers.

Usage: python teaching/handouts.py [--out FOLDER]

The worksheet has one household's latest baskets, from the data. Formulas are those of the chapters, and what their
symbols mean is what the page of notation says; take-aways are those of the chapters that the guide's plans teach.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from bilingual import LANGUAGES, VIEWS
from formulas import mathjax, stop_mathjax
from notebook_cache import read_notebook
from shoprec.data.journey import Journey, complete_journey
from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.tasks import Task, tasks_at
from slides import BOOK, TEMPLATES, chapters, in_language, read_text, set_formula

HALF_LIFE = 90.0  # days: what November chooses in chapter 5
N_BASKETS, MOST_PRODUCTS, N_GUESSES, K = 6, 42, 5, 10
#: Label, name, and the symbols to explain: what stands in their row of the page of notation, and the section of the
#: meaning that is meant.
FORMULAS: list[tuple[str, tuple[str, str], list[tuple[str, str]]]] = [
    (
        "eq-project-frequency",
        ("个人频次", "Personal frequency"),
        [
            ("H_u", "sec-background-encoder"),
            ("i_j, a_j", "sec-background-encoder"),
            (r"\tau", "sec-background-encoder"),
        ],
    ),
    (
        "eq-cf-user",
        ("用户近邻", "UserKNN"),
        [(r"\bar f_{ui}", "sec-cf-user"), (r"\alpha", "sec-cf-user"), ("k", "sec-cf-user")],
    ),
    (
        "eq-similarity-cosine",
        ("余弦相似度", "Cosine similarity"),
        [(r"\mathbf{a}, \mathbf{b}", "sec-similarity-cosine"), (r"\theta", "sec-similarity-cosine")],
    ),
    (
        "eq-attention-matrix",
        ("注意力", "Attention"),
        [("Q, K, V", "sec-attention-matrix"), ("d, d_k, d_v", "sec-attention-matrix")],
    ),
    (
        "eq-hybrid-weighted",
        ("加权混合", "Weighted hybrid"),
        [(r"z^{(m)}_{ui}", "sec-hybrid-weighted"), ("s_{ui}", "sec-background-encoder")],
    ),
    (
        "eq-background-dcg",
        ("折损累计增益", "Discounted cumulative gain"),
        [("r", "sec-background-ndcg"), ("i_{ur}", "sec-background-ndcg"), ("R_u", "sec-background-ndcg")],
    ),
    ("eq-background-ndcg", ("NDCG", "NDCG"), [("m_u", "sec-background-ndcg"), ("k", "sec-background-ndcg")]),
    (
        "eq-products-shrunk",
        ("收缩的提升度", "Shrunk lift"),
        [
            ("N, n_i, c_{ij}", "sec-products-together"),
            (r"e_{ij}, \ell_{ij}, \hat{\lambda}_{ij}", "sec-products-together"),
        ],
    ),
    (
        "eq-products-lora",
        ("低秩适配（LoRA）", "Low-rank adaptation (LoRA)"),
        [(r"W + \gamma B A", "sec-products-tuning")],
    ),
]
GROWN_UP = "WINE|BEER|LIQUOR|CIGAR|TOBACCO"  # categories that don't belong on a worksheet
ROW = re.compile(r"^\| \$([^$]+)\$ \| (.+) \|$", re.MULTILINE)
MEANING = re.compile(r"(.+?)\s?[（(]((?:\{ref\}`[^`]+`(?:、|, )?)+)[）)](?:；|; |$)")
TARGET = re.compile(r"<([\w-]+)>`")
EQUATION = re.compile(r"\$\$([^$]+)\$\$ \(([\w-]+)\)")
TAUGHT = ("01_background", "05_project", "06_applications/products")  #: by the guide's plans: what fits on a page
TAKEAWAYS = re.compile(r"^\(sec-[\w-]+-takeaways\)=\n## .+\n+((?:[-\d].*\n?)+)", re.MULTILINE)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
WORDS = {
    "zh": {
        "worksheet": "下一篮里会有什么？",
        "told": "下面是 {user} 号家庭 {cut}以前最近的 {n} 次购物。他们下一次结账，篮子里会有什么？",
        "data": "数据：The Complete Journey，照真实的购物规律模拟，只供教学。",
        "date": "日期", "basket": "购物篮", "name": "姓名",
        "guesses": "我的五个猜测",
        "where": "Transformer 会排在哪里？从好到差写下来：热门榜、个人频次、用户近邻、Transformer",
        "hits": "猜中了几个？", "day": "{0.month} 月 {0.day} 日", "and": "、",
        "answers": "教师用：{user} 号家庭的答案", "next": "{day} 这一篮",
        "counting": "个人频次列出的十件（✓ 为命中）", "formulas": "公式一页", "takeaways": "小结一页",
    },
    "en": {
        "worksheet": "What will be in the next basket?",
        "told": "These are household {user}'s latest {n} baskets before {cut}. What will be in the next one?",
        "data": "Data: The Complete Journey, simulated after real shopping patterns, for education only.",
        "date": "Date", "basket": "Basket", "name": "Name",
        "guesses": "My five guesses",
        "where": "Where will the Transformer come? Best first: popularity, personal frequency, UserKNN, Transformer",
        "hits": "How many did I hit?", "day": "{0.day} {0:%B}", "and": "; ",
        "answers": "For the teacher: household {user}", "next": "The basket of {day}",
        "counting": "The ten that personal frequency lists (✓ for a hit)",
        "formulas": "A page of formulas", "takeaways": "A page of take-aways",
    },
}  # fmt: skip


# The worksheet ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A household whose next basket a class guesses.

    Attributes
    ----------
    user : int
        Its number in the data.
    baskets : DataFrame
        The latest before the cut: `timestamp` and `items`, oldest first.
    bought : list of int
        The products of its next basket that are in the catalogue.
    next : Timestamp
        When that was.
    listed : list of int
        What counting recommends.
    """

    user: int
    baskets: pd.DataFrame
    bought: list[int]
    next: pd.Timestamp
    listed: list[int]

    @property
    def hits(self) -> int:
        """How many of the products listed were bought."""
        return len({*self.bought} & {*self.listed})


def latest(purchases: pd.DataFrame, cut: pd.Timestamp) -> pd.DataFrame:
    """Return a household's latest baskets before a cut: when, and which products, each once."""
    baskets = (
        purchases[purchases["timestamp"] < cut]
        .groupby("basket")
        .agg(timestamp=("timestamp", "min"), items=("item", lambda items: [*dict.fromkeys(items)]))
    )
    return baskets.sort_values("timestamp").tail(N_BASKETS).reset_index(drop=True)


def fits(example: Example, products: pd.DataFrame) -> bool:
    """Whether a household's latest baskets fit on a sheet: none is a single product, none has alcohol or tobacco."""
    items = example.baskets["items"]
    sizes, seen = items.map(len), [*items.explode(), *example.bought, *example.listed]
    grown_up = products.loc[seen, "category"].str.contains(GROWN_UP, na=False).any()
    return len(sizes) == N_BASKETS and sizes.min() > 1 and sizes.sum() <= MOST_PRODUCTS and not grown_up


def choose(journey: Journey, task: Task) -> Example:
    """Return the first household, by number, whose next basket can be guessed, but not too easily: counting hits three.

    Raises
    ------
    ValueError
        If there is none.
    """
    purchases, cut = journey.purchases, pd.Timestamp(task.cut)
    sizes = np.diff(task.targets.indptr)[task.households]
    some = task.households[(sizes >= 5) & (sizes <= 12)]
    listed = rank_items(PersonalFrequency(HALF_LIFE).fit(task).score(some), K)
    hits = np.take_along_axis(task.targets[some].toarray(), listed, axis=1).astype(bool).sum(axis=1)
    for place in np.flatnonzero(hits == 3):
        user = int(task.users[some[place]])
        own = purchases[purchases["user"] == user]
        after = own.loc[own["timestamp"] >= cut, "timestamp"].min()
        bought, ranked = task.items[task.targets[[some[place]]].indices], task.items[listed[place]]
        example = Example(user, latest(own, cut), bought.tolist(), after, ranked.tolist())
        if fits(example, journey.products):
            return example
    raise ValueError("no household has baskets that fit on a worksheet")


def names(journey: Journey, items: Sequence[int], lang: str) -> list[str]:
    """Return the names of products, each once, in one language."""
    return [*dict.fromkeys(escape(pair[LANGUAGES.index(lang)]) for pair in journey.names(items))]


def worksheet(example: Example, journey: Journey, cut: pd.Timestamp, lang: str) -> str:
    """Return the participants' sheet."""
    words = WORDS[lang]
    rows = "".join(
        f"<tr><th>{words['day'].format(row.timestamp)}</th>"
        f"<td>{words['and'].join(names(journey, row['items'], lang))}</td></tr>"
        for _, row in example.baskets.iterrows()
    )
    told = words["told"].format(user=example.user, n=len(example.baskets), cut=words["day"].format(cut))
    lines = "".join('<li class="line"></li>' for _ in range(N_GUESSES))
    order = "".join('<li class="line"></li>' for _ in range(4))
    return (
        f'<p class="name">{words["name"]}<span class="line"></span></p><h1>{words["worksheet"]}</h1><p>{told}</p>'
        f"<table><thead><tr><th>{words['date']}</th><th>{words['basket']}</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<h2>{words['guesses']}</h2><ol>{lines}</ol><h2>{words['where']}</h2><ol class='order'>{order}</ol>"
        f'<p class="name">{words["hits"]}<span class="line"></span></p><p class="small">{words["data"]}</p>'
    )


def answers(example: Example, journey: Journey, lang: str) -> str:
    """Return the teacher's sheet."""
    words, bought = WORDS[lang], {*example.bought}
    listed = "".join(
        f"<li>{names(journey, [item], lang)[0]}{' ✓' if item in bought else ''}</li>" for item in example.listed
    )
    basket = "".join(f"<li>{name}</li>" for name in names(journey, example.bought, lang))
    return (
        f"<h1>{words['answers'].format(user=example.user)}</h1>"
        f"<h2>{words['next'].format(day=words['day'].format(example.next))}</h2><ul>{basket}</ul>"
        f'<h2>{words["counting"]}</h2><ol>{listed}</ol><p class="small">{words["data"]}</p>'
    )


# Formulas and take-aways --------------------------------------------------------------------------


def texts(path: Path, lang: str) -> Iterator[str]:
    """Yield the text cells of a notebook in one language, and those that both share."""
    cells = read_notebook(path).cells
    yield from (cell.source for cell in cells if cell.cell_type == "markdown" and in_language(cell, lang))


def equations() -> dict[str, str]:
    """Return the numbered formulas of the book, by label."""
    return {label: tex for path in chapters() for text in texts(path, "en") for tex, label in EQUATION.findall(text)}


def meanings(lang: str) -> dict[tuple[str, str], str]:
    """Return what symbols mean, by symbol and section, as the page of notation says it."""
    found = {}
    for text in texts(BOOK / "notation.ipynb", lang):
        for symbol, row in ROW.findall(text):
            for meaning, references in MEANING.findall(row):
                found |= {(symbol, section): meaning for section in TARGET.findall(references)}
    return found


def formula_page(lang: str) -> str:
    """Return the page of formulas.

    Raises
    ------
    KeyError
        If a formula or a symbol is in the book no more.
    """
    half, known, explained = LANGUAGES.index(lang), equations(), meanings(lang)
    boxes = []
    for label, name, symbols in FORMULAS:
        rows = "".join(read_text(f"${symbol}$ — {explained[symbol, section]}") for symbol, section in symbols)
        tex = known[label].rstrip(" .,\n")
        boxes.append(f"<section><h2>{name[half]}</h2>{set_formula(tex, {'display_mode': True})}{rows}</section>")
    return f'<h1>{WORDS[lang]["formulas"]}</h1><div class="formulas">{"".join(boxes)}</div>'


def takeaway_page(lang: str) -> str:
    """Return the page of take-aways: of each chapter that is taught, its own."""
    parts = []
    for name in TAUGHT:
        text = "\n\n".join(texts(BOOK / f"{name}.ipynb", lang))
        title, found = TITLE.search(text), TAKEAWAYS.search(text)
        parts.append(f"<h2>{escape(title[1])}</h2>{read_text(found[1])}")
    return f'<h1>{WORDS[lang]["takeaways"]}</h1><div class="takeaways">{"".join(parts)}</div>'


# The files ----------------------------------------------------------------------------------------


def sheet(title: str, body: str, lang: str) -> str:
    """Return a page for an A4 sheet, which needs no other file."""
    style = (TEMPLATES / "sheet.css").read_text("utf8")
    return (
        f'<!doctype html><html lang="{VIEWS[lang]}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="icon" href="data:,"><style>{style}</style></head>'
        f"<body>{mathjax().glyphs(body)}{body}</body></html>\n"
    )


def make_all(out: Path) -> list[Path]:
    """Write the sheets of both languages, and return the files; the teacher's are called so."""
    journey = complete_journey()
    _, test = tasks_at(journey.purchases)
    example = choose(journey, test)
    written = []
    try:
        for lang in LANGUAGES:
            bodies = {
                "worksheet": worksheet(example, journey, pd.Timestamp(test.cut), lang),
                "formulas": formula_page(lang),
                "takeaways": takeaway_page(lang),
                "teacher-answers": answers(example, journey, lang),
            }
            for name, body in bodies.items():
                file = out / lang / f"{name}.html"
                file.parent.mkdir(parents=True, exist_ok=True)
                title = WORDS[lang][name.removeprefix("teacher-")].format(user=example.user)
                file.write_text(sheet(title, body, lang), "utf8")
                written.append(file)
    finally:
        stop_mathjax(None, None)  # Python would wait for its engine
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=BOOK.parent / "workshop" / "handouts")
    for file in make_all(parser.parse_args(arguments).out):
        print(file)


if __name__ == "__main__":
    sys.exit(main())
