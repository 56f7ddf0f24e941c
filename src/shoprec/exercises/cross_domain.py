"""Self-checks of section 8.2, on what crosses from department to department."""

import numpy as np

from shoprec.exercises.checking import Exercise, Mistake, Written, array, number, require

hand = Exercise("ex-domain-hand")
witness = Exercise("ex-domain-witness")
personal = Exercise("ex-domain-personal")
refit = Exercise("ex-domain-refit")

hand.number(
    "tea",
    1.5,
    {
        3: ("还要除以茶的买家数", "it is still to be divided by the number of tea's buyers"),
        1: ("乙与这户有两件相同，不是一件", "the second household shares two products, not one"),
    },
    ("先写出每户与这户有几件相同，再看谁买茶", "first write down how many products each shares, then who buys tea"),
)
hand.number(
    "jam",
    1,
    {
        3: ("还要除以果酱的买家数", "it is still to be divided by the number of jam's buyers"),
        1.5: ("丁也是果酱的买家，虽然没有相同的商品", "the fourth household buys jam, too, though it shares nothing"),
    },
    ("果酱有几个买家？", "how many buyers has jam?"),
)


@witness.function
def nearest_others(function: Written) -> None:
    """Codes of the witnesses most alike, the reader itself not among them."""
    rng = np.random.default_rng()
    for n, k in ((12, 3), (20, 5)):
        similar = rng.uniform(0.1, 0.9, (n, n))
        np.fill_diagonal(similar, 1.0)
        readers = rng.permutation(n)[:6]
        rows = similar[readers]
        answer = array(function(rows.copy(), readers, k), (6, k)).astype(int)
        require(not (answer == readers[:, None]).any(), "有的家庭成了自己的邻居", "a household is its own neighbour")
        others = rows.copy()
        others[np.arange(6), readers] = -1  # below all others, and above them without its sign
        right = np.argsort(-others, axis=1)[:, :k]
        far = np.argsort(np.abs(others), axis=1)[:, :k]
        require(not np.array_equal(answer, far), "这些是最不像的", "these are the least alike")
        same = all(set(a) == set(b) for a, b in zip(answer, right, strict=True))
        require(same, "有更像的别家没选上", "others that are more alike aren't chosen")
        require(np.array_equal(answer, right), "次序不对：最像的在前", "the order is off: the most alike comes first")


witness.choice(
    "leak_shows",
    right="better",
    worse=(
        "邻居里有它自己，它藏起来的购买就进了分数",
        "with itself among them, its hidden purchases are in the scores",
    ),
    same=("最像的一户换了人，列表怎么会不变？", "the nearest is someone else then; could the list stay as it is?"),
)


@personal.function
def in_two(function: Written) -> None:
    """A gain over popularity in two parts."""
    rng = np.random.default_rng()
    for _ in range(5):
        popular, lent, own = rng.random((3, 40))
        answer = function(own, lent, popular)
        pair = isinstance(answer, tuple | list | np.ndarray) and len(answer) == 2
        require(pair, "应该返回两个数：(shared, about_it)", "it should return two numbers: (shared, about_it)")
        shared, about_it = (number(part) for part in answer)
        right = (lent - popular).mean(), (own - lent).mean()
        swapped = np.allclose((about_it, shared), right)
        require(not swapped, "两部分的次序反了", "the two parts are the wrong way round")
        whole = (own - popular).mean()
        require(
            np.isclose(shared + about_it, whole),
            "两部分加起来，应该等于全部好处",
            "together they should be the whole gain",
        )
        require(
            np.allclose((shared, about_it), right),
            "陌生人的历史也得得到的，算哪一部分？",
            "what a stranger's history gains as well, which part is that?",
        )


personal.choice(
    "reading",
    right="shared only",
    personal=("借来的历史也多得一样多", "a history that was lent gains as much"),
    nothing=("比热门多得的区间在零之上", "the interval of the gain over popularity is above zero"),
)


@refit.function
def left_out(function: Written) -> None:
    """Each row's prediction by a ridge regression of all other rows."""
    rng = np.random.default_rng()
    for n, d in ((8, 2), (15, 3)):
        factors, bought, strength = rng.normal(size=(n, d)), rng.normal(size=(n, 4)), rng.uniform(0.5, 3)
        answer = array(function(factors, bought, strength), (n, 4))
        right = np.array(
            [_fit(np.delete(factors, u, 0), np.delete(bought, u, 0), strength, factors[u]) for u in range(n)]
        )
        inside = np.array([_fit(factors, bought, strength, factors[u]) for u in range(n)])
        require(not np.allclose(answer, inside), "这一行自己也参加了训练", "the row itself took part in the training")
        plain = np.array([_fit(np.delete(factors, u, 0), np.delete(bought, u, 0), 0, factors[u]) for u in range(n)])
        require(not np.allclose(answer, plain), "岭回归的 strength 没有用上", "the strength of the ridge isn't used")
        residual = bought - right
        require(not np.allclose(answer, residual), "这是残差，还差一步", "these are residuals; a step is missing")
        if not np.allclose(answer, right, rtol=1e-4, atol=1e-6):
            off = float(np.abs(answer - right).max())
            raise Mistake("与逐行重新拟合最多相差 {:.3f}", "it differs from fitting anew by up to {:.3f}", off)


def _fit(factors: np.ndarray, bought: np.ndarray, strength: float, row: np.ndarray) -> np.ndarray:
    gram = factors.T @ factors + strength * np.eye(factors.shape[1])
    return row @ np.linalg.solve(gram, factors.T @ bought)


refit.choice(
    "as_many_fits",
    right="one",
    none=("总要拟合一次", "it has to be fitted once at least"),
    all=(
        "残差除以 1 减去帽子矩阵的对角元，不必重新拟合",
        "residuals over 1 minus the hat matrix's diagonal need no new fit",
    ),
)
