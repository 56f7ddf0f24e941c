"""Wrong answers to the exercises of section 8.5.2."""

import numpy as np

from mistakes import Wrong

SATURATED = "ex-explain-saturation"
START = "ex-explain-start", "product_attributions"
CURVE = "ex-explain-deletion", "deletion_curve"
FEWEST = "ex-explain-fewest", "fewest_deletions"


def curve(score, says, shares, sign=-1, insert=False, rounding=np.ceil) -> np.ndarray:
    order, n = np.argsort(sign * says, kind="stable"), len(says)
    gone = [np.isin(np.arange(n), order[: int(rounding(share * n - 1e-9))]) for share in shares]
    return np.array([score(some if insert else ~some) for some in gone])


def count(own, others, n, heaviest=True) -> int:
    own = np.sort(own)[:: -1 if heaviest else 1]
    left = own.sum() - np.append(0, np.cumsum(own))
    return int(np.argmax(left < np.sort(others)[-n]))


WRONG = [
    Wrong(SATURATED, "along_the_way", float(np.log(7)), "两次加起来", "two add up to"),
    Wrong(SATURATED, "along_the_way", float(np.log(7 / 4)), "单独删掉", "one alone"),
    Wrong(SATURATED, "along_the_way", 0.1, "平分", "share f"),
    Wrong(SATURATED, "one_alone", float(np.log(4)), "剩下的得分", "what is left"),
    Wrong(SATURATED, "one_alone", 3.0, "对数里面少了 3", "3 is lost within"),
    Wrong(SATURATED, "adds_up", "occlusion", "还不到", "less than"),
    Wrong(SATURATED, "adds_up", "both", "小了", "falls short"),
    Wrong(SATURATED, "adds_up", "neither", "按定义", "by its definition"),
    Wrong(*START, lambda x, b: (x - b) * x[::-1], "终点的梯度", "gradient at the end"),
    Wrong(*START, lambda x, b: x * x[::-1] / 2, "不总是零", "isn't always zero"),
    Wrong(*START, lambda x, b: ((x - b) * (x + b)[::-1] / 2)[::-1], "换了位置", "changed places"),
    Wrong(*START, lambda x, b: (x - b) * (x + b) / 2, "在路上的平均", "on the way"),
    Wrong("ex-explain-start", "larger", "first", "算一算", "numbers in"),
    Wrong("ex-explain-start", "larger", "equal", "从零出发", "from zero"),
    Wrong(*CURVE, lambda score, says, shares: curve(score, says, shares, sign=1), "次序反了", "least important"),
    Wrong(*CURVE, lambda score, says, shares: curve(score, abs(says), shares), "绝对值", "absolute value"),
    Wrong(*CURVE, lambda score, says, shares: curve(score, says, shares, insert=True), "插入", "insertion"),
    Wrong(*CURVE, lambda score, says, shares: curve(score, says, shares, rounding=np.floor), "向上取整", "round"),
    Wrong(*CURVE, lambda score, says, shares: curve(score, says, shares)[:2], "形状", "shape"),
    Wrong(*FEWEST, lambda own, others, n: count(own, others, n, heaviest=False), "先删轻的", "light ones first"),
    Wrong(*FEWEST, lambda own, others, n: len(own) - count(own, others, n), "留下的", "how many stay"),
    Wrong(*FEWEST, lambda own, others, n: len(own), "从最重的删起", "the heaviest first"),
    Wrong("ex-explain-fewest", "for_the_network", "exact", "也可能压低", "may lower it"),
    Wrong("ex-explain-fewest", "for_the_network", "nothing", "确实够用", "does suffice"),
]
