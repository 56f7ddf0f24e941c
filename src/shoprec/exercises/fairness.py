"""Self-checks of section 8.5.3, on fairness."""

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require

gaps = Exercise("ex-fair-gaps")
exposed = Exercise("ex-fair-exposure")
strata = Exercise("ex-fair-strata")
left = Exercise("ex-fair-left")

gaps.number(
    "quality_gap",
    0.03,
    {
        0.04: ("这是热门榜的差距", "this is popularity's gap"),
        -0.03: ("差距取最大减最小，不会小于零", "a gap is the largest less the smallest, and never negative"),
    },
    ("只看混合：最好的组减最差的组", "look at the hybrid alone: the best group less the worst"),
)
gaps.number(
    "improvement_gap",
    0.01,
    {
        0.03: ("这是质量的差距；先减去热门榜", "this is the gap in quality; subtract popularity first"),
        -0.01: ("差距取最大减最小，不会小于零", "a gap is the largest less the smallest, and never negative"),
    },
    ("每组先算比热门榜多得多少", "see first what each group gains over popularity"),
)
gaps.choice(
    "worse_off",
    right="depends",
    A=("按质量，甲组的列表更好", "by quality, A has the better lists"),
    B=("按改进，乙组得到的更多", "by improvement, B gains more"),
)


@exposed.function
def shown_to_bought(function: Written) -> None:
    """A class's share of exposure, divided by its share of purchases."""
    rng = np.random.default_rng()
    for n, k in ((6, 4), (9, 10)):
        ranked = np.array([rng.permutation(20)[:k] for _ in range(n)])
        is_store, bought = rng.permutation(20) < 8, float(rng.uniform(0.2, 0.7))
        answer = number(function(ranked.copy(), is_store.copy(), bought))
        weights = 1 / np.log2(np.arange(2, k + 2))
        right = (is_store[ranked] @ weights).mean() / weights.sum() / bought
        flat = is_store[ranked].mean() / bought
        wrongs = {
            right * bought: ("还要除以购买的份额", "it is still to be divided by the share of purchases"),
            1 / right: ("上下颠倒了：曝光在上", "it is upside down: exposure comes first"),
            right * weights.sum(): ("分量要除以它们的和", "the weights are to be divided by their sum"),
            flat: ("每个名次的分量不一样", "places don't all weigh the same"),
        }
        for wrong, said in wrongs.items():
            require(not np.isclose(answer, wrong) or np.isclose(wrong, right), *said)
        require(
            np.isclose(answer, right), "份额对不上：先在户内归一，再平均", "the share is off: normalise, then average"
        )


@strata.function
def stratified_gap(function: Written) -> None:
    """A gap between two groups in each stratum, averaged by the strata's households."""
    rng = np.random.default_rng()
    for _ in range(3):
        stratum = np.repeat([0, 1, 2, 3], [30, 10, 20, 8])
        first = np.concatenate([rng.permutation(n) < m for n, m in ((30, 6), (10, 8), (20, 11), (8, 0))])
        values = rng.random(68) + stratum * 2 + first * stratum
        mixed = rng.permutation(68)
        given = function(values[mixed], first[mixed], stratum[mixed])
        nothing = isinstance(given, float | np.floating) and bool(np.isnan(given))
        require(not nothing, "缺一组的层不算", "a stratum that lacks one of the groups doesn't count")
        answer, each = number(given), {s: _gap(values, first, stratum == s) for s in range(3)}
        size = np.bincount(stratum)[:3]
        right = np.average([*each.values()], weights=size)
        wrongs = {
            _gap(values, first, stratum >= 0): ("没有分层", "there are no strata"),
            float(np.mean([*each.values()])): ("各层要按家庭数加权", "strata are to be weighted by their households"),
            -right: ("次序反了：第一组减第二组", "it is the wrong way round: first group minus second"),
        }
        for wrong, said in wrongs.items():
            require(np.isclose(answer, right) or not np.isclose(answer, wrong), *said)
        require(
            np.isclose(answer, right),
            "权重是每层的家庭数，两组合计",
            "the weight is a stratum's households, of both groups",
        )


def _gap(values: np.ndarray, first: np.ndarray, some: np.ndarray) -> float:
    return float(values[some & first].mean() - values[some & ~first].mean())


strata.choice(
    "follows",
    right="goes along",
    caused=("别的东西可能和篮子大小一起变", "other things may change along with the size of baskets"),
    fair=("公平要先说要求什么相等", "for fairness one has to say first what should be equal"),
)


@left.function
def left_when_off(function: Written) -> None:
    """The part of each group's mean that is left."""
    rng = np.random.default_rng()
    for n_groups in (2, 3):
        group = rng.permutation(np.repeat(np.arange(n_groups), (9, 14, 6)[:n_groups]))
        on = np.where(rng.random(len(group)) < 0.2, 0.0, rng.uniform(0.2, 0.9, len(group)))
        for g in range(n_groups):
            on[np.flatnonzero(group == g)[:2]] = 0.5, 0  # each group has a household without a hit, and one with
        off = on * rng.uniform(0.1, 0.5, len(group)) + rng.uniform(0, 0.05, len(group))
        given = function(on.copy(), off.copy(), group.copy())
        divided = isinstance(given, np.ndarray) and given.dtype.kind == "f" and not np.isfinite(given).all()
        require(not divided, "除以了零：先平均，再相除", "that divides by zero: means first, then divide")
        answer = array(given, (n_groups,))
        right = np.array([off[group == g].mean() / on[group == g].mean() for g in range(n_groups)])
        if not np.allclose(answer, right):
            require(
                not np.allclose(answer, 1 - right), "这是失去的，不是剩下的", "that is what is lost, not what is left"
            )
            require(
                not np.allclose(answer, 1 / right), "上下颠倒了：关掉时的在上", "it is upside down: off comes first"
            )
        require(np.allclose(answer, right), "每组先各自平均，再相除", "take both means within a group, then divide")


left.choice(
    "loses_more",
    right="most",
    least=(
        "个性化给它的本来就少，剩下的比例反而高",
        "personalisation gave it little, and a larger part of that is left",
    ),
)
