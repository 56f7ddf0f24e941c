"""One example of each widget, for what must hold of all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from IPython.display import HTML
from recordings import made_up

from shoprec.experiments.lineup import Model
from shoprec.experiments.summary import scoreboard
from shoprec.experiments.toolbox import TOOLS
from shoprec.show import widgets
from shoprec.show.widgets.reason_sum import Sums


@dataclass(frozen=True)
class Sample:
    """A widget's output, and where the book shows it.

    Attributes
    ----------
    make : function
        From the names of 8 products, pairs (Chinese, English), to the output.
    page : str
        The chapter that shows it.
    says : pair
        Words that a reader sees in Chinese, and those in English.
    """

    make: Callable[[list[tuple[str, str]]], HTML]
    page: str
    says: tuple[str, str]


def products(names: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(names, columns=["name_zh", "name_en"])
    frame[["first", "second"]] = np.random.default_rng(0).normal(size=(len(frame), 2))
    return frame.assign(bought=[i % 3 == 0 for i in range(len(frame))])


def attention(names: list[tuple[str, str]]) -> HTML:
    frame = pd.DataFrame(names, columns=["name_zh", "name_en"])
    frame["date"] = [f"11-{day:02}" for day in range(1, len(frame) + 1)]
    weights = np.tril(np.random.default_rng(0).random((2, len(frame), len(frame))))
    household = frame, weights / weights.sum(axis=2, keepdims=True)
    return widgets.attention_explorer({"101": household, "102": household})


def merger(names: list[tuple[str, str]]) -> HTML:
    rows = [
        (household, link, n, rank, (rank + n * (household + 3 * (link == "wrong"))) % 8)
        for household in (101, 102)
        for link in ("right", "wrong")
        for n in (0, 1, 4)
        for rank in range(1, 6)
    ]
    frame = pd.DataFrame(rows, columns=["household", "link", "n", "rank", "item"])
    frame["name_zh"], frame["name_en"] = zip(*(names[item] for item in frame["item"]), strict=True)
    return widgets.account_merger(frame.assign(bought=frame["item"] % 3 == 0))


def scanner(names: list[tuple[str, str]]) -> HTML:
    rows = [
        (household, n, rank, (rank + n * household) % 8, (rank + n + household) % 3 == 0)
        for household in (1, 3)
        for n in range(4)
        for rank in range(1, 6)
    ]
    lists = pd.DataFrame(rows, columns=["household", "n", "rank", "item", "bought"])
    lists["name_zh"], lists["name_en"] = zip(*(names[item] for item in lists["item"]), strict=True)
    scans = [(household, n, *names[-n], 0.5 + n / 10, 3.0 + n) for household in (1, 3) for n in (1, 2, 3)]
    columns = ["household", "n", "name_zh", "name_en", "cached_ms", "full_ms"]
    return widgets.basket_scanner(lists, pd.DataFrame(scans, columns=columns))


def neighbours(names: list[tuple[str, str]]) -> HTML:
    rows = [
        (p, *names[p], kind, n % 8, *names[n % 8], 1 - 0.1 * (n - p))
        for p in range(3)
        for kind, first in (("behaviour", p + 1), ("text", p + 3))
        for n in range(first, first + 4)
    ]
    columns = ["product", "product_zh", "product_en", "kind", "neighbour", "name_zh", "name_en", "score"]
    return widgets.neighbour_finder(pd.DataFrame(rows, columns=columns))


def mixer(names: list[tuple[str, str]]) -> HTML:
    frame = pd.DataFrame(names, columns=["name_zh", "name_en"])
    frame["relevance"] = np.linspace(1, 0, len(frame))
    frame["path"] = [(i % 3, i % 2, i % 4) for i in range(len(frame))]
    groups = pd.DataFrame(names[:3], columns=["name_zh", "name_en"]).assign(share=[0.5, 0.3, 0.2])
    return widgets.list_mixer(frame.assign(bought=frame.index % 3 == 0), groups, k=4)


def sales(names: list[tuple[str, str]]) -> HTML:
    models = dict(zip("abc", [("文本", "Words"), ("近邻", "Neighbours"), ("混合", "Hybrid")], strict=True))
    rows = [
        (p, *name, model, n, (0.6, n / 20 + p / 100, n / 25)[m], n // 2, 7)
        for p, name in enumerate(names)
        for m, model in enumerate(models)
        for n in (0, 3, 10, 14)
    ]
    columns = ["product", "name_zh", "name_en", "model", "sales", "place", "listed", "buyers"]
    return widgets.past_sales(pd.DataFrame(rows, columns=columns), models, level=["a"], rivals=("a", "b"))


def bridge(names: list[tuple[str, str]]) -> HTML:
    steps = {"a": (0, 1, 5), "b": (0, 2)}
    lists = [
        (target, n, kind, place, *names[(place + n) % len(names)], place == 2)
        for target, known in steps.items()
        for n in known
        for kind in ("without", "with")
        for place in range(1, 6)
    ]
    columns = ["target", "known", "kind", "place", "name_zh", "name_en", "bought"]
    gains = [(target, n, 0.02 - n / 100, 0.01 - n / 100, 0.03) for target, known in steps.items() for n in known]
    gains_of = pd.DataFrame(gains, columns=["target", "known", "gain", "low", "high"])
    return widgets.domain_bridge(pd.DataFrame(lists, columns=columns), gains_of, dict(zip("ab", names, strict=False)))


def fusions(names: list[tuple[str, str]]) -> HTML:
    choices = {
        "added": (names[0], dict(zip("abc", names[1:4], strict=True))),
        "fusion": (names[4], dict(zip("de", names[5:7], strict=True))),
        "read": (names[7], dict(zip("fgh", names[::-1], strict=False))),
    }
    rows = [
        (*key, cut, (i - 3) / 500 + m / 900, (i - 3) / 500 - 0.001, (i - 3) / 500 + 0.003)
        for i, key in enumerate([*"adf", *"aef", *"bdf", *"bdg", *"bdh", *"cdf"][n : n + 3] for n in range(0, 18, 3))
        for m, cut in enumerate(("2017-11-01", "2017-12-01", "all"))
    ]
    return widgets.fusion_switch(pd.DataFrame(rows, columns=[*choices, "cut", "gain", "low", "high"]), choices)


def switch(names: list[tuple[str, str]]) -> HTML:
    rows = [
        (group, kind, place, *names[(place + i + 3 * (kind == "off")) % 8], place % 3 == 0)
        for i, group in enumerate("ab")
        for kind in ("on", "off")
        for place in range(1, 6)
    ]
    lists = pd.DataFrame(rows, columns=["group", "kind", "place", "name_zh", "name_en", "bought"])
    costs = [(group, *name, 0.1, 0.08, 0.13) for group, name in zip("ab", names, strict=False)]
    columns = ["group", "group_zh", "group_en", "cost", "low", "high"]
    return widgets.profile_switch(lists, pd.DataFrame(costs, columns=columns))


def budget(names: list[tuple[str, str]]) -> HTML:
    levels = (0.5, 2.0, np.inf)
    board = [(e, 0.05 + i / 50, 0.04, 0.1, 0.5 + i / 10, 0.45, 0.75) for i, e in enumerate(levels)]
    columns = ["epsilon", "ndcg", "ndcg_low", "ndcg_high", "auc", "auc_low", "auc_high"]
    steps = [(e, *name, 1 - p / 5, p - 2 / e) for p, name in enumerate(names[:5]) for e in levels]
    gradient = pd.DataFrame(steps, columns=["epsilon", "name_zh", "name_en", "clean", "noisy"])
    return widgets.privacy_budget(pd.DataFrame(board, columns=columns), gradient)


def sums(names: list[tuple[str, str]]) -> HTML:
    parts = np.random.default_rng(0).random((len(names), 3)).round(2)
    homes = [Sums(name, names[:3], names, parts * (1 + i)) for i, name in enumerate(names[:2])]
    return widgets.reason_sum(homes)


def search(names: list[tuple[str, str]]) -> HTML:
    near = {lang: np.random.default_rng(i).random((6, len(names))) for i, lang in enumerate(("zh", "en"))}
    letters = {"zh": np.zeros((6, len(names))), "en": np.maximum(near["en"] - 0.5, 0)}
    return widgets.product_search(pd.DataFrame(names, columns=["name_zh", "name_en"]), near, letters)


def softmax(names: list[tuple[str, str]]) -> HTML:
    rng = np.random.default_rng(0)
    return widgets.softmax_temperature(names, {d: rng.normal(size=len(names)) * np.sqrt(d) for d in (4, 64)})


def clipped(names: list[tuple[str, str]]) -> HTML:
    rows = [
        (level, *name, -4.0 / level, level / (p + 1), 0.9)
        for p, name in enumerate(names[:3])
        for level in (1.0, 10.0, np.inf)
    ]
    moments = pd.DataFrame(rows, columns=["clip", "name_zh", "name_en", "bias", "spread", "coverage"])
    return widgets.clip_explorer(moments.replace({"spread": np.inf}, 20.0), truth=5.0, clip=10)


def codes(names: list[tuple[str, str]]) -> HTML:
    leaves = [((i // 4, i % 4), 1, 0.2 - i / 50, *name) for i, name in enumerate(names)]
    nodes = [((0,), 6, 0.7, *names[0]), ((1,), 5, 0.3, *names[-1]), *leaves]
    return widgets.code_walk(pd.DataFrame(nodes, columns=["path", "n", "probability", "name_zh", "name_en"]), 40)


def models(names: list[tuple[str, str]]) -> HTML:
    lineup = {
        f"model {i}": Model(name, "networks" if i % 3 else "counting", "05_project", "5")
        for i, name in enumerate(names)
    }
    return widgets.score_board(scoreboard(made_up([*lineup]), n=20), lineup)


def tools(names):
    """A table of tools, in whose lines of praise the names stand."""
    return widgets.tool_finder(
        {name: tool._replace(says=says) for (name, tool), says in zip(TOOLS.items(), names, strict=False)}
    )


LABELS = ("口味", "taste"), ("行为", "behaviour")
SAMPLES = {
    "account-merger": Sample(merger, "06_applications/cross_platform", ("并入", "have joined")),
    "attention-explorer": Sample(attention, "03_algorithms/transformer", ("最看重", "attends most")),
    "basket-scanner": Sample(scanner, "08_trends/real_time", ("扫下一件", "Scan the next")),
    "clip-level": Sample(clipped, "06_applications/advertising", ("权重上限", "Largest weight")),
    "code-walk": Sample(codes, "08_trends/scale", ("合计概率", "probability together")),
    "domain-bridge": Sample(bridge, "08_trends/cross_domain", ("在那里已知几篮", "Baskets known there")),
    "fusion-switch": Sample(fusions, "08_trends/multimodal", ("先猜", "Guess first")),
    "hybrid-ranker": Sample(
        lambda names: widgets.hybrid_slider(products(names), *LABELS), "05_project", ("榜首", "Top:")
    ),
    "list-mixer": Sample(mixer, "06_applications/content", ("换进", "New on the list")),
    "neighbour-finder": Sample(neighbours, "03_algorithms/collaborative_filtering", ("两边都有", "in both lists")),
    "past-sales": Sample(sales, "06_applications/products", ("以前卖出过几次", "Past sales")),
    "privacy-budget": Sample(budget, "08_trends/privacy", ("隐私预算", "Privacy budget")),
    "product-search": Sample(search, "06_applications/products", ("编码器列出", "the encoder lists")),
    "profile-switch": Sample(switch, "08_trends/fairness", ("个性化：开", "Personalisation on")),
    "rank-guess": Sample(
        lambda names: widgets.guess_order(
            dict(zip("badcfehg", range(8), strict=True)), dict(zip("abcdefgh", names, strict=True))
        ),
        "01_background",
        ("对答案", "Compare"),
    ),
    "reason-sum": Sample(sums, "08_trends/explanations", ("就当没买过", "as if it had never been bought")),
    "score-board": Sample(models, "scoreboard", ("首购评测", "New-only lists")),
    "softmax-temperature": Sample(softmax, "04_mathematics/attention", ("温度", "Temperature")),
    "tool-finder": Sample(tools, "07_tools", ("仍在维护", "Kept up")),
    "vector-pair": Sample(lambda names: widgets.vector_pair(), "04_mathematics/similarity", ("内积", "Inner product")),
    "weight-path": Sample(
        lambda names: widgets.weight_explorer(products(names), *LABELS), "04_mathematics/hybrid_score", ("榜首", "Top:")
    ),
}
NAMES = [(f"商品 {i}", f"Product {i}") for i in range(7)]
NAMES += [("自有品牌全麦饼干家庭装", "Whole-grain crackers, store brand")]
