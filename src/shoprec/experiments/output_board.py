"""What the recorded output layers say: means, paired differences and costs, at each cut that is recorded in full."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from shoprec.evaluation import paired_bootstrap
from shoprec.experiments.records import Record
from shoprec.experiments.summary import Resampled, resample
from shoprec.words import Pair

NAMES: dict[str, Pair] = {
    "FullSoftmax": ("我们的块，全 softmax", "Our block, full softmax"),
    "SampledSoftmax": ("我们的块，抽样 softmax", "Our block, sampled softmax"),
    "SemanticIds": ("我们的块，生成语义 ID", "Our block, semantic IDs"),
    "HSTU": ("HSTU 层，全 softmax", "HSTU layers, full softmax"),
    "ShuffledIds": ("语义 ID，随机分配", "Semantic IDs, dealt at random"),
    "TextIds": ("语义 ID，只看文本", "Semantic IDs, from text alone"),
    "FullSoftmaxLonger": ("全 softmax，四倍训练", "Full softmax, four times the training"),
    "SemanticIdsLonger": ("语义 ID，四倍训练", "Semantic IDs, four times the training"),
    "PersonalFrequency": ("个人频次", "Personal frequency"),
    "Popularity": ("热门榜", "Popularity"),
}
# As in shoprec.experiments.generative, which needs torch, and reading a record doesn't.
NETWORKS = ("FullSoftmax", "SampledSoftmax", "SemanticIds", "HSTU")
ORDER = (*NETWORKS, "ShuffledIds", "TextIds", "FullSoftmaxLonger", "SemanticIdsLonger")
SEEDS = 3


class OutputStudy:
    """A record of output layers beside that of the leaderboard, whose counting is judged on the same households.

    Parameters
    ----------
    record : Record
        Of ``generative``.
    leaderboard : Record
    """

    def __init__(self, record: Record, leaderboard: Record) -> None:
        self.cells = record.cells
        rows = record.households.astype({"model": str, "cut": str})
        counting = leaderboard.households.astype({"model": str, "cut": str})
        rows = pd.concat([rows, counting[counting["model"].isin(("PersonalFrequency", "Popularity"))]])
        self._rows = rows[rows["cut"].isin(self.cuts())]

    def cuts(self) -> list[str]:
        """Cuts at which all four networks have all their seeds, in the order of time."""
        some = self.cells[self.cells["model"].isin(NETWORKS)]
        seeds = some.groupby(["cut", "model"])["seed"].nunique().unstack(fill_value=0)
        full = (seeds.reindex(columns=list(NETWORKS), fill_value=0) >= SEEDS).all(axis=1)
        return sorted(seeds.index[full])

    def of_households(self, cut: str, column: str = "all") -> pd.DataFrame:
        """Each household's NDCG@10, the mean over the seeds; households by models."""
        rows = self._rows[self._rows["cut"] == cut]
        return rows.pivot_table(index="household", columns="model", values=column, aggfunc="mean", dropna=False)

    def difference(self, cut: str, a: str, b: str, level: float = 0.95, column: str = "all") -> tuple[float, ...]:
        """Paired difference of two models over a cut's households, with its interval."""
        values = self.of_households(cut, column)
        return paired_bootstrap(values[a], values[b], level=level)

    def resampled(self, n: int = 2000) -> Resampled:
        """The four networks and counting over all cuts, with other households, seeds and months."""
        rows = self._rows[self._rows["model"].isin((*NETWORKS, "Popularity", "PersonalFrequency"))]
        return resample(Record("generative", self.cells, rows, {}, True), n=n)

    def spread(self, cut: str, model: str) -> float:
        """How far a model's seeds are apart: the largest mean less the smallest."""
        rows = self._rows[(self._rows["cut"] == cut) & (self._rows["model"] == model)]
        return float(np.ptp(rows.groupby("seed")["all"].mean()))

    def board(self, cut: str, models: Sequence[str] = ORDER) -> pd.DataFrame:
        """A cut's models, one per row: mean and interval, differences from the full softmax and from counting, costs.

        Returns
        -------
        DataFrame
            ``mean, low, high``; ``gain`` over the full softmax and ``behind`` personal frequency, each with ``_low``
            and ``_high``; ``seeds``, ``parameters``, those of the ``table`` among them, and ``seconds`` of a training.
        """
        values, cells = self.of_households(cut), self.cells[self.cells["cut"] == cut]
        known = [model for model in (*models, "Popularity", "PersonalFrequency") if model in values]
        table = {}
        for model in known:
            none = np.zeros(len(values))
            row = dict(zip(("mean", "low", "high"), paired_bootstrap(values[model], none), strict=True))
            for name, other in (("gain", "FullSoftmax"), ("behind", "PersonalFrequency")):
                ends = (np.nan,) * 3 if model == other else paired_bootstrap(values[model], values[other])
                row |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
            own = cells[cells["model"] == model]
            costs = {name: float(own[name].mean()) for name in ("parameters", "table", "seconds")}
            table[model] = row | {"seeds": len(own)} | costs
        return pd.DataFrame(table).T
