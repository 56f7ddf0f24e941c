"""Libraries that one may build a recommender with: what each is for, and in which state it was on a day.

Versions, licences and what a package asks of Python are from the packages' own metadata; a release's month is that of
the newest file in it. ``pip index versions NAME`` and ``pip download --no-deps NAME`` check them again.
"""

from datetime import date
from importlib.metadata import PackageNotFoundError, files, metadata, requires
from typing import NamedTuple

import pandas as pd

from shoprec.words import Pair

AS_OF = date(2026, 11, 27)  #: the day of which the table tells
FRESH = 18  #: months after a release in which a package counts as kept up

TASKS: dict[str, Pair] = {
    "candidates": ("召回", "Candidates"),
    "ranking": ("排序", "Ranking"),
    "sequences": ("序列", "Sequences"),
    "text": ("文本与语言模型", "Text, language models"),
    "search": ("向量检索", "Vector search"),
}

#: What stands in ``recorded/tools.*``: a model's name, and the library that computes it.
RECORDED: dict[str, tuple[Pair, str]] = {
    "Popularity": (("热门榜", "Popularity"), "shoprec"),
    "PersonalFrequency": (("个人频次", "Personal frequency"), "shoprec"),
    "ItemKNN": (("物品近邻", "ItemKNN"), "shoprec"),
    "UserKNN": (("用户近邻", "UserKNN"), "shoprec"),
    "TIFUKNN": (("TIFU-KNN 近邻", "TIFU-KNN"), "shoprec"),
    "SVD": (("奇异值分解", "SVD"), "shoprec"),
    "EASE": (("EASE 自编码器", "EASE"), "shoprec"),
    "IALS": (("iALS 矩阵分解", "iALS"), "implicit"),
    "BPR": (("BPR 矩阵分解", "BPR"), "implicit"),
    "ImplicitItems": (("物品近邻（implicit）", "ItemKNN (implicit)"), "implicit"),
    "BoostedRanker": (("梯度提升排序", "Boosted ranker"), "LightGBM"),
    "HistogramRanker": (("直方图提升排序", "Histogram ranker"), "scikit-learn"),
    "SVDNumPy": (("SVD，向量先算好", "SVD, vectors kept"), "NumPy"),
    "SVDFlat": (("SVD，FAISS 精确", "SVD, FAISS exact"), "FAISS"),
    "SVDHNSW": (("SVD，FAISS 近似", "SVD, FAISS HNSW"), "FAISS"),
    "RecToolsEASE": (("EASE（RecTools）", "EASE (RecTools)"), "RecTools"),
    "RecToolsSASRec": (("SASRec（RecTools）", "SASRec (RecTools)"), "RecTools"),
}


class Tool(NamedTuple):
    """A library on the day ``AS_OF``.

    Attributes
    ----------
    pin : str
        Its name among the packages and its version, as pip writes them.
    tasks : tuple of str
        Keys of ``TASKS``.
    released : str
        Year and month of that version; empty where the package doesn't tell.
    licence : str
    wheel : bool
        Whether Python 3.11 on Linux installs it without a compiler.
    beside : bool
        Whether pip finds versions by which it installs beside the book's own pins, in one environment.
    gpu : str
        ``"no"`` if it has no use for one, ``"can"`` if it has, ``"wants"`` if it is slow without.
    beyond : bool
        Whether it has a way of its own to data beyond one machine's memory.
    says : pair
        A line to judge it by.
    """

    pin: str
    tasks: tuple[str, ...]
    released: str
    licence: str
    wheel: bool
    beside: bool
    gpu: str
    beyond: bool
    says: Pair

    @property
    def package(self) -> str:
        """Its name among the packages."""
        return self.pin.split("==")[0]

    @property
    def version(self) -> str:
        """The version that the table is about."""
        return self.pin.split("==")[1]

    @property
    def kept_up(self) -> bool | None:
        """Whether its last release is at most ``FRESH`` months old; None where its month isn't known.

        Examples
        --------
        >>> TOOLS["LightFM"].kept_up, TOOLS["implicit"].kept_up, TOOLS["RecTools"].kept_up
        (False, True, None)
        """
        if not self.released:
            return None
        year, month = map(int, self.released.split("-"))
        return 12 * (AS_OF.year - year) + AS_OF.month - month <= FRESH


TOOLS = {
    "implicit": Tool(
        "implicit==0.7.3", ("candidates",), "2026-05", "MIT", True, True, "can", False,
        ("近邻、iALS、BPR，快，接口小；时间要自己处理", "neighbours, iALS and BPR, fast and small; time is up to you"),
    ),
    "RecTools": Tool(
        "rectools==0.19.0", ("candidates", "sequences"), "", "Apache-2.0", True, False, "wants", False,
        ("一个接口，模型和指标都全；依赖钉得很紧", "one interface to many models and metrics; strict pins"),
    ),
    "LightGBM": Tool(
        "lightgbm==4.7.0", ("ranking",), "2026-07", "MIT", True, True, "can", True,
        ("排序的默认选择：特征好，它就好", "the default for ranking: as good as its features"),
    ),
    "scikit-learn": Tool(
        "scikit-learn==1.9.1", ("candidates", "ranking"), "", "BSD-3-Clause", True, True, "no", False,
        ("基线和评估的底座，没有推荐专用的模型", "the ground for baselines and tests; no recommender of its own"),
    ),
    "FAISS": Tool(
        "faiss-cpu==1.15.1", ("search",), "", "MIT", True, True, "can", True,
        ("向量检索；商品上百万时才用得着", "vector search; of use when products go into the millions"),
    ),
    "Transformers": Tool(
        "transformers==5.23.0", ("sequences", "text"), "2026-11", "Apache-2.0", True, True, "wants", True,
        ("骨干网络和预训练模型；推荐的部分要自己写", "backbones and pretrained models; the recommender is up to you"),
    ),
    "xllamacpp (GGUF)": Tool(
        "xllamacpp==2026.10.11549", ("text",), "2026-10", "MIT", True, True, "can", False,
        ("在 CPU 上运行 GGUF 语言模型，可用语法约束输出", "runs GGUF language models on a CPU, held to a grammar"),
    ),
    "PyTorch": Tool(
        "torch==2.13.0", ("ranking", "sequences"), "", "BSD-3-Clause", True, True, "wants", True,
        ("自己写网络就用它；本书的网络都用它", "to write networks of one's own; the book's are"),
    ),
    "TensorFlow": Tool(
        "tensorflow==2.21.0", ("ranking", "sequences"), "", "Apache-2.0", True, True, "wants", True,
        ("已有的系统还在用；从头写，本书选 PyTorch", "existing systems run on it; the book takes PyTorch"),
    ),
    "TF Recommenders": Tool(
        "tensorflow-recommenders==0.7.7", ("candidates", "ranking"), "2026-01", "Apache-2.0", True, True,
        "wants", True,
        ("双塔模型的教程写得好；自带类目停在 Python 3.10", "good tutorials on two towers; it names Pythons up to 3.10"),
    ),
    "LightFM": Tool(
        "lightfm==1.17", ("candidates",), "2023-03", "Apache-2.0", False, False, "no", False,
        ("思路好，带特征的分解；已无人维护，要自己编译", "factors with features; not kept up, needs a compiler"),
    ),
    "RecBole": Tool(
        "recbole==1.2.1", ("candidates", "sequences"), "2025-02", "MIT", True, True, "wants", False,
        ("论文复现的模型最多；照搬前先看评测方式", "the most models from papers; look at how it tests before you copy"),
    ),
    "Cornac": Tool(
        "cornac==3.0.1", ("candidates",), "2026-09", "Apache-2.0", True, True, "can", False,
        ("多模态和经典模型的对照实验", "classical and multimodal models side by side"),
    ),
    "Surprise": Tool(
        "scikit-surprise==1.1.5", ("candidates",), "2026-05", "BSD-3-Clause", True, True, "no", False,
        ("教评分预测的好工具；不管购买，也不排列表", "good for teaching ratings; knows neither purchases nor lists"),
    ),
}  # fmt: skip


def installed() -> pd.DataFrame:
    """What is there of the table's tools in this environment: their versions, sizes and what they ask for.

    Returns
    -------
    DataFrame
        Indexed by tool; ``version``, ``licence`` as the package states it, ``megabytes`` on disk without what it
        depends on, and ``needs``, how many packages it requires whatever the extras.
    """
    rows = {name: row for name, tool in TOOLS.items() if (row := _installed(tool.package))}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["version", "licence", "megabytes", "needs"])


def _installed(package: str) -> tuple[str, str, float, int] | None:
    try:
        about = metadata(package)
    except PackageNotFoundError:
        return None
    size = sum(path.stat().st_size for file in files(package) or () if (path := file.locate()).is_file())  # type: ignore[attr-defined]
    needs = {line.split(";")[0].split()[0] for line in requires(package) or () if "extra ==" not in line}
    return about["Version"], _licence(about), size / 1e6, len(needs)


def _licence(about: object) -> str:
    """A licence in a word or two, from whichever field a package states it in."""
    stated = about.get("License-Expression") or about.get("License") or ""  # type: ignore[attr-defined]
    classes = [c.rsplit(":: ", 1)[1] for c in about.get_all("Classifier") or () if c.startswith("License ::")]  # type: ignore[attr-defined]
    return stated if 0 < len(stated) < 40 else (classes[0].removesuffix(" License") if classes else "–")
