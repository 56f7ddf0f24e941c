"""The models of the scoreboard: what each is called, what kind it is, and which chapter explains it."""

from typing import NamedTuple

import pandas as pd

from shoprec.words import Pair

FAMILIES: dict[str, Pair] = {
    "counting": ("计数", "Counting"),
    "neighbours": ("近邻", "Neighbours"),
    "factors": ("矩阵分解", "Factors"),
    "content": ("商品文本", "Product text"),
    "boosting": ("梯度提升", "Boosting"),
    "networks": ("神经网络", "Networks"),
    "hybrids": ("混合", "Hybrids"),
}


class Model(NamedTuple):
    """A line of the scoreboard.

    Attributes
    ----------
    name : pair
        In Chinese and in English; the two differ, for side by side both are shown.
    family : str
        A key of ``FAMILIES``.
    page, number : str
        The chapter that explains it: its file without ending, and its number.
    """

    name: Pair
    family: str
    page: str
    number: str


_FIRST, _NEIGHBOURS = ("01_background", "1"), ("03_algorithms/collaborative_filtering", "3.2")
_TRANSFORMER, _HYBRID, _PROJECT = (
    ("03_algorithms/transformer", "3.1"),
    ("03_algorithms/hybrid", "3.3"),
    ("05_project", "5"),
)

#: By the names in ``recorded/leaderboard.*``; add a model here before it is recorded.
MODELS = {
    "Popularity": Model(("热门榜", "Popularity"), "counting", *_FIRST),
    "RecentPopularity": Model(("近期热门榜", "Recent popularity"), "counting", *_FIRST),
    "PersonalFrequency": Model(("个人频次", "Personal frequency"), "counting", *_FIRST),
    "ItemKNN": Model(("物品近邻", "ItemKNN"), "neighbours", *_NEIGHBOURS),
    "UserKNN": Model(("用户近邻", "UserKNN"), "neighbours", *_NEIGHBOURS),
    "TIFUKNN": Model(("TIFU-KNN 近邻", "TIFU-KNN"), "neighbours", *_NEIGHBOURS),
    "UPCF": Model(("UP-CF 近邻", "UP-CF"), "neighbours", *_NEIGHBOURS),
    "SVD": Model(("奇异值分解", "SVD"), "factors", *_NEIGHBOURS),
    "EASE": Model(("EASE 自编码器", "EASE"), "factors", *_NEIGHBOURS),
    "IALS": Model(("iALS 矩阵分解", "iALS"), "factors", *_NEIGHBOURS),
    "Content": Model(("商品文本", "Content (TF-IDF)"), "content", *_NEIGHBOURS),
    "BoostedRanker": Model(("梯度提升排序", "Boosted ranker"), "boosting", *_HYBRID),
    "Transformer": Model(("普通 Transformer", "Plain Transformer"), "networks", *_TRANSFORMER),
    "PointingTransformer": Model(("带指向的 Transformer", "Pointing Transformer"), "networks", *_TRANSFORMER),
    "PointingAverage": Model(("多种子平均的 Transformer", "Transformer, seeds averaged"), "networks", *_TRANSFORMER),
    "BehaviourTerm": Model(("行为项", "Behaviour term"), "networks", *_PROJECT),
    "Hybrid": Model(("加权混合", "Weighted hybrid"), "hybrids", *_PROJECT),
    "HybridTransformer": Model(("加权混合，加 Transformer", "Hybrid + Transformer"), "hybrids", *_PROJECT),
    "HybridAverage": Model(("加权混合，加平均 Transformer", "Hybrid + averaged Transformer"), "hybrids", *_PROJECT),
    "HybridBehaviour": Model(("加权混合，加行为项", "Hybrid + behaviour term"), "hybrids", *_PROJECT),
    "HybridNetworks": Model(("加权混合，加两个网络", "Hybrid + both networks"), "hybrids", *_PROJECT),
    "UserKNNTransformer": Model(("用户近邻加 Transformer", "UserKNN + Transformer"), "hybrids", *_HYBRID),
    "TwoTerms": Model(("两项混合", "Two-term hybrid"), "hybrids", *_PROJECT),
    "RankFusion": Model(("倒数排名融合", "Rank fusion"), "hybrids", *_HYBRID),
}  # fmt: skip


def model_named(name: str) -> Model:
    """Look a recorded model up.

    Raises
    ------
    ValueError
        If nobody has said what it is.

    Examples
    --------
    >>> model_named("UPCF").name
    ('UP-CF 近邻', 'UP-CF')
    >>> model_named("Oracle")
    Traceback (most recent call last):
    ValueError: the scoreboard knows no model 'Oracle'; add its names, family and chapter in shoprec.experiments.lineup
    """
    if name not in MODELS:
        raise ValueError(f"the scoreboard knows no model {name!r}; add its names, family and chapter in {__name__}")
    return MODELS[name]


def month(cut: str) -> Pair:
    """What the month that begins with a cut is called.

    Examples
    --------
    >>> month("2017-12-01")
    ('12 月', 'Dec')
    """
    start = pd.Timestamp(cut)
    return f"{start.month} 月", f"{start:%b}"
