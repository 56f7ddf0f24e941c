"""Picture of section 6.2.6: a rule cuts branches off a tree, and a cap counts at its nodes."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.applications.control import at_most
from shoprec.formulas.trie import Prefix, Trie
from shoprec.show.drawings.canvas import LARGE, SMALL, Words, box, path, sheet, write
from shoprec.show.plotting import BLUE, GREEN, GREY, RED

#: Products by department, category and type; the last token is the product's rank in one household's list.
PRODUCTS: tuple[Prefix, ...] = (
    ("grocery", "milk", "whole", 1), ("grocery", "milk", "whole", 2), ("grocery", "milk", "whole", 4),
    ("grocery", "milk", "skimmed", 5), ("grocery", "cheese", "cheddar", 6),
    ("grocery", "wine", "red", 3), ("produce", "fruit", "apples", 7),
)  # fmt: skip
NAMES: dict[str, Words] = {
    "grocery": ("食品杂货", "Grocery"), "produce": ("果蔬", "Produce"),
    "milk": ("牛奶", "Milk"), "cheese": ("奶酪", "Cheese"), "wine": ("葡萄酒", "Wine"), "fruit": ("水果", "Fruit"),
    "whole": ("全脂", "Whole"), "skimmed": ("脱脂", "Skimmed"), "cheddar": ("切达", "Cheddar"),
    "red": ("红", "Red"), "apples": ("苹果", "Apples"),
}  # fmt: skip
FORBIDDEN, CAP = {("grocery", "wine"), ("produce",)}, 2
_X, _WIDTH, _TOP, _ROW = (4, 100, 196, 292, 388), (72, 72, 72, 72, 26), 50, 34


def chosen() -> list[int]:
    """Ranks on the list that the rule and the cap leave."""
    ranking = sorted(Trie(PRODUCTS).restrict(lambda prefix: prefix not in FORBIDDEN), key=lambda way: int(str(way[-1])))
    return [int(str(ranking[i][-1])) for i in at_most(ranking, (None, None, CAP))]


def draw_rule_tree() -> Figure:
    """Departments, categories, types and products as a tree, what a rule cuts off, and what a cap passes over.

    Examples
    --------
    >>> chosen(), len(draw_rule_tree().axes)
    ([1, 2, 5, 6], 1)
    """
    figure, axis = sheet(424, _TOP + _ROW * len(PRODUCTS) + 62)
    heads: tuple[Words, ...] = (("部门", "Department"), ("品类", "Category"), ("类型", "Type"), ("商品", "Product"))
    for x, width, head in zip(_X[1:], _WIDTH[1:], heads, strict=True):
        write(axis, x + width / 2, 16, head)
    trie, taken = Trie(PRODUCTS), chosen()
    rows: dict[Prefix, int] = {way: row for row, way in enumerate(PRODUCTS)}
    asked: set[Prefix] = set()

    def allows(prefix: Prefix) -> bool:
        asked.add(prefix)
        return prefix not in FORBIDDEN

    trie.restrict(allows)
    ys: dict[Prefix, float] = {(): _middle(rows, ())}
    box(axis, _X[0], ys[()] - 13, _WIDTH[0], 26, ("全部商品", "all"), BLUE, size=SMALL)
    for way in PRODUCTS:
        for depth in range(1, 5):
            prefix = way[:depth]
            if prefix not in ys:
                ys[prefix] = _middle(rows, prefix)
                _branch(axis, prefix, ys, prefix in asked, taken)
    bottom = _TOP + _ROW * len(PRODUCTS)
    write(axis, 4, bottom + 12, ("红：规则禁止，后面的分支不必再看", "red: forbidden; nothing behind it is looked at"),
          SMALL, RED, ha="left")  # fmt: skip
    words = (
        f"绿：在列表里；第 4 名超过同类 {CAP} 件的上限",
        f"green: on the list; no. 4 is over the cap of {CAP} a type",
    )
    write(axis, 4, bottom + 30, words, SMALL, GREEN, ha="left")
    result = " · ".join(map(str, taken))
    write(axis, 4, bottom + 49, (f"约束后的列表：{result}", f"constrained list: {result}"), LARGE, ha="left")
    return figure


def _middle(rows: dict[Prefix, int], prefix: Prefix) -> float:
    """The height of a node: the middle of its products."""
    own = [row for way, row in rows.items() if way[: len(prefix)] == prefix]
    return _TOP + _ROW * (min(own) + max(own)) / 2


def _branch(axis: Axes, prefix: Prefix, ys: dict[Prefix, float], seen: bool, taken: list[int]) -> None:
    """A node, with the line that leads to it."""
    depth, y, token = len(prefix), ys[prefix], prefix[-1]
    cut = prefix in FORBIDDEN
    color = RED if cut else GREY if not seen else GREEN if token in taken else BLUE
    begin, end = _X[depth - 1] + _WIDTH[depth - 1], _X[depth]
    middle = (begin + end) / 2
    ways = ((begin, ys[prefix[:-1]]), (middle, ys[prefix[:-1]]), (middle, y), (end, y))
    path(axis, *ways, width=1.8 if seen else 0.8, arrow_at_end=False)
    if cut:
        path(axis, *ways[2:], color=RED, width=1.8, arrow_at_end=False)
        axis.plot([(middle + end) / 2], [y], "x", color=RED, ms=9, mew=2.2)
    words = str(token) if depth == 4 else NAMES[str(token)]
    tint = 0.22 if seen else 0.05
    over = depth == 4 and seen and token not in taken
    box(axis, _X[depth], y - 12, _WIDTH[depth], 24, words, GREY if over else color, size=SMALL, tint=tint,
        dashed=not seen or over, ink="black" if seen else GREY)  # fmt: skip
