"""Picture of chapter 10: the works that it recommends, by year and by what they are for."""

from collections.abc import Iterable
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import SMALL, box, sheet, write
from shoprec.show.plotting import BLUE, FAINT, GREEN, GREY, ORANGE, PINK, RED, SKY
from shoprec.words import Pair

#: A column of the picture: what a work is for, and its colour.
TOPICS: dict[str, tuple[Pair, str]] = {
    "judging": (("评测", "Judging"), GREY),
    "purchases": (("购买", "Purchases"), ORANGE),
    "sequences": (("序列", "Sequences"), BLUE),
    "language": (("语言", "Language"), PINK),
    "causes": (("因果", "Causes"), GREEN),
    "systems": (("系统", "Systems"), SKY),
    "people": (("信任", "Trust"), RED),
}


class Work(NamedTuple):
    """A work that chapter 10 recommends.

    Attributes
    ----------
    key : str
        In the bibliography.
    name : str
        What it is called for short.
    year : int
    topic : str
        A key of ``TOPICS``.
    """

    key: str
    name: str
    year: int
    topic: str


WORKS: tuple[Work, ...] = (
    Work("jarvelin2002cumulated", "NDCG", 2002, "judging"),
    Work("ge2010beyond", "Coverage", 2010, "judging"),
    Work("ferraridacrema2019progress", "Progress?", 2019, "judging"),
    Work("rendle2019baselines", "Baselines", 2019, "judging"),
    Work("krichene2020sampled", "Sampling", 2020, "judging"),
    Work("rendle2020ncf", "NCF again", 2020, "judging"),
    Work("hidasi2023flaws", "Four flaws", 2023, "judging"),
    Work("ji2023leakage", "Leakage", 2023, "judging"),
    Work("resnick1994grouplens", "GroupLens", 1994, "purchases"),
    Work("sarwar2001item", "ItemKNN", 2001, "purchases"),
    Work("koren2009matrix", "Factors", 2009, "purchases"),
    Work("rendle2009bpr", "BPR", 2009, "purchases"),
    Work("steck2019ease", "EASE", 2019, "purchases"),
    Work("hu2020tifuknn", "TIFU-KNN", 2020, "purchases"),
    Work("faggioli2020upcf", "UP-CF", 2020, "purchases"),
    Work("ariannezhad2022recanet", "ReCANet", 2022, "purchases"),
    Work("li2023nextbasket", "NBR check", 2023, "purchases"),
    Work("lashinin2024saferec", "SAFERec", 2024, "purchases"),
    Work("vaswani2017attention", "Attention", 2017, "sequences"),
    Work("kang2018sasrec", "SASRec", 2018, "sequences"),
    Work("sun2019bert4rec", "BERT4Rec", 2019, "sequences"),
    Work("petrov2022bert4rec", "Replication", 2022, "sequences"),
    Work("petrov2023gsasrec", "gSASRec", 2023, "sequences"),
    Work("klenitskiy2023turning", "Losses", 2023, "sequences"),
    Work("rajput2023tiger", "TIGER", 2023, "sequences"),
    Work("zhai2024hstu", "HSTU", 2024, "sequences"),
    Work("tikhonovich2025esasrec", "eSASRec", 2025, "sequences"),
    Work("deng2025onerec", "OneRec", 2025, "sequences"),
    Work("devlin2019bert", "BERT", 2019, "language"),
    Work("reimers2019sbert", "SBERT", 2019, "language"),
    Work("decao2021autoregressive", "GENRE", 2021, "language"),
    Work("geng2022p5", "P5", 2022, "language"),
    Work("hu2022lora", "LoRA", 2022, "language"),
    Work("bao2023tallrec", "TALLRec", 2023, "language"),
    Work("wu2023survey", "Survey", 2023, "language"),
    Work("hou2024zeroshot", "Zero-shot", 2024, "language"),
    Work("he2025plum", "PLUM", 2025, "language"),
    Work("li2010contextual", "LinUCB", 2010, "causes"),
    Work("chapelle2011thompson", "Thompson", 2011, "causes"),
    Work("dudik2011doubly", "Robust OPE", 2011, "causes"),
    Work("bottou2013counterfactual", "What if?", 2013, "causes"),
    Work("deng2013cuped", "CUPED", 2013, "causes"),
    Work("gutierrez2017uplift", "Uplift", 2017, "causes"),
    Work("saito2020openbandit", "Open Bandit", 2020, "causes"),
    Work("linden2003amazon", "Amazon", 2003, "systems"),
    Work("dean2013tail", "Tails", 2013, "systems"),
    Work("covington2016youtube", "YouTube", 2016, "systems"),
    Work("ke2017lightgbm", "LightGBM", 2017, "systems"),
    Work("malkov2020hnsw", "HNSW", 2020, "systems"),
    Work("pope2023inference", "Inference", 2023, "systems"),
    Work("douze2024faiss", "Faiss", 2024, "systems"),
    Work("narayanan2008robust", "Netflix", 2008, "people"),
    Work("demontjoye2015unique", "Unique", 2015, "people"),
    Work("abadi2016dpsgd", "DP-SGD", 2016, "people"),
    Work("mcmahan2017fedavg", "FedAvg", 2017, "people"),
    Work("chaney2018confounding", "Feedback", 2018, "people"),
    Work("jain2019attention", "Attention?", 2019, "people"),
    Work("wiegreffe2019attention", "Attention!", 2019, "people"),
    Work("jacovi2020faithfully", "Faithful", 2020, "people"),
    Work("ekstrand2022fairness", "Fairness", 2022, "people"),
)
_LEFT, _LANE, _LINE, _TOP = 34, 63, 17, 30


def rows_of(works: Iterable[Work]) -> dict[int, int]:
    """How many lines each year takes: as many as its fullest column, and the years without a work none.

    Examples
    --------
    >>> rows_of([Work("a", "A", 2001, "judging"), Work("b", "B", 2001, "judging"), Work("c", "C", 2003, "people")])
    {2001: 2, 2003: 1}
    """
    count: dict[tuple[int, str], int] = {}
    for work in works:
        count[work.year, work.topic] = count.get((work.year, work.topic), 0) + 1
    years = sorted({year for year, _ in count})
    return {year: max(n for (of, _), n in count.items() if of == year) for year in years}


def draw_works(works: tuple[Work, ...] = WORKS) -> Figure:
    """Works from early to late, in a column for each topic; years without one are left out.

    Examples
    --------
    >>> len(draw_works().axes)
    1
    """
    rows = rows_of(works)
    figure, axis = sheet(480, _TOP + _LINE * sum(rows.values()) + 5 * len(rows) + 8)
    for lane, (words, _) in enumerate(TOPICS.values()):
        write(axis, _LEFT + (lane + 0.5) * _LANE, 12, words)
    y = float(_TOP)
    for year, n in rows.items():
        _year(axis, y, year, [work for work in works if work.year == year])
        y += _LINE * n + 5
    return figure


def _year(axis: Axes, y: float, year: int, works: list[Work]) -> None:
    """A year: its number, a thin line above it, and its works below their topics."""
    axis.plot([2, 478], [y - 2.5, y - 2.5], color=FAINT, lw=0.6)
    write(axis, 3, y + 8, str(year), SMALL, ha="left")
    for lane, (topic, (_, color)) in enumerate(TOPICS.items()):
        for line, work in enumerate(work for work in works if work.topic == topic):
            x, top = _LEFT + lane * _LANE + 1, y + _LINE * line
            box(axis, x, top, _LANE - 2, _LINE - 2, work.name, color, size=8.5, tint=0.16)
