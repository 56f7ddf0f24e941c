"""Wrong answers to the exercises of section 4.2."""

import numpy as np

from mistakes import Wrong
from shoprec.formulas.arrays import Floats

DICE = "ex-similarity-dice"
TOWARDS = "ex-similarity-chance", "towards"
ANGLE = "ex-similarity-small-angle", "angle_between"
NEAR = "ex-similarity-hubs", "times_near"


def with_itself(similar: Floats, own: np.ndarray, item: int, k: int) -> int:
    return int((np.argsort(-similar, axis=1)[:, :k] == item).sum())


def least(similar: Floats, own: np.ndarray, item: int, k: int) -> int:
    return int((np.argsort(similar, axis=1)[:, :k] == item).sum())


WRONG = [
    Wrong("ex-similarity-damped", "tilted", ([1, 2], [2, 4]), "只差", "differ by"),
    Wrong("ex-similarity-damped", "tilted", ([1, 0], [0, 0]), "全是零", "row of zeros"),
    Wrong("ex-similarity-damped", "tilted", ([1, 0.5], [0, 1]), "整数", "whole numbers"),
    Wrong("ex-similarity-damped", "tilted", [1, 2, 3], "2 行", "2 rows"),
    Wrong("ex-similarity-damped", "seven_and_log", "zeros", "log(1 + 0)", "log(1 + 0)"),
    Wrong(DICE, "dice_from", lambda j: j / (2 - j), "反了", "wrong way round"),
    Wrong(DICE, "dice_from", lambda j: 2 * j, "不对", "isn't right"),
    Wrong(DICE, "three_sets", ([1, 1, 0], [1, 1, 0], [0, 1, 1]), "第三行应该更像", "the third should be more so"),
    Wrong(DICE, "three_sets", ([1, 1, 0], [0, 1, 1], [1, 1, 0]), "第二行应该更像", "the second should be more so"),
    Wrong(DICE, "three_sets", ([1, 2], [1, 1], [0, 1]), "0 和 1", "zeros and ones"),
    Wrong(*TOWARDS, lambda s, n, prior, lam: s * n / (n + lam), "向 0 收缩", "towards 0"),
    Wrong(*TOWARDS, lambda s, n, prior, lam: (s - prior) * n / (n + lam), "加回", "added back"),
    Wrong(*TOWARDS, lambda s, n, prior, lam: prior + s * n / (n + lam), "一起收缩", "shrink, too"),
    Wrong(*TOWARDS, lambda s, n, prior, lam: prior + (s - prior) * lam / (n + lam), "n 越大", "larger n"),
    Wrong(*ANGLE, lambda a, b: np.arccos(min(a @ b, 1)), "夹角是 1e-09", "the angle is 1e-09"),
    Wrong(*ANGLE, lambda a, b: np.linalg.norm(a - b), "弦长", "chord"),
    Wrong(*ANGLE, lambda a, b: np.degrees(np.linalg.norm(a - b)), "度数", "degrees"),
    Wrong(*ANGLE, lambda a, b: np.arcsin(np.linalg.norm(a - b) / 2), "一半", "half"),
    Wrong("ex-similarity-small-angle", "by_arccos", 1e-9, "真正的角", "true angle"),
    Wrong("ex-similarity-small-angle", "by_arccos", 1, "双精度", "double precision"),
    Wrong(*NEAR, with_itself, "自己", "its own neighbour"),
    Wrong(*NEAR, lambda similar, own, item, k: with_itself(similar, own, item, k + 1), "自己的那一行", "own row"),
    Wrong(*NEAR, least, "最不像", "least alike"),
    Wrong("ex-similarity-hubs", "more_hubs", "pearson", "更多", "larger"),
]
