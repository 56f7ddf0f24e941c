"""What the recorded sizes and shares say: means with intervals over households and seeds, and laws fitted to them."""

import numpy as np
import pandas as pd

from shoprec.experiments.records import Record
from shoprec.formulas.arrays import Floats, whole
from shoprec.formulas.scaling import Law, fit_law

COLUMNS = ["size", "pointing", "share", "households", "purchases", "parameters", "tokens", "flops", "seconds"]


class Study:
    """A record of sizes and shares, on the households that no network was trained on.

    Parameters
    ----------
    record : Record
        By ``make record run=scale``.

    Attributes
    ----------
    cells : DataFrame
        One row for each network and share, indexed by its name: :data:`COLUMNS`, the means over its seeds, and
        ``seeds``, their number.
    n_households : int
        Judged, and never trained on.
    """

    def __init__(self, record: Record) -> None:
        grouped = record.cells.groupby("model")
        means = grouped[["households", "purchases", "parameters", "tokens", "flops", "seconds"]].mean()
        first = grouped[["size", "pointing", "share"]].first().assign(seeds=grouped["seed"].nunique())
        order = ["pointing", "parameters", "share"]
        self.cells = first.join(means)[[*COLUMNS, "seeds"]].sort_values(order)
        rows = record.households.astype({"model": str})
        trained = rows.groupby("household")["trained"].transform("max")
        self._rows = rows[~trained.astype(bool)]
        self.n_households = self._rows["household"].nunique()

    def values(self, column: str) -> pd.DataFrame:
        """Each household's value by model and seed, NaN where it has none; households by (model, seed)."""
        return self._rows.pivot(index="household", columns=["model", "seed"], values=column)

    def of_households(self, column: str) -> pd.DataFrame:
        """Each household's value, the mean over the seeds; households by models."""
        return self.values(column).T.groupby(level="model").mean().T[self.cells.index]

    def draws(self, column: str, n: int = 1000, seed: int = 0) -> pd.DataFrame:
        """Means by model if households are drawn anew, the same for all, and for each model its seeds; n by models."""
        table, rng = self.values(column), np.random.default_rng(seed)
        known = table.notna()
        often = rng.multinomial(len(table), np.full(len(table), 1 / len(table)), size=whole(n, "n")).astype(float)
        means = (often @ table.fillna(0).to_numpy()) / (often @ known.to_numpy(float))
        drawn = {}
        for model in self.cells.index:
            columns = np.flatnonzero(table.columns.get_level_values("model") == model)
            chosen = rng.choice(columns, size=(n, len(columns)))
            drawn[model] = np.take_along_axis(means, chosen, axis=1).mean(axis=1)
        return pd.DataFrame(drawn)

    def summary(self, column: str, n: int = 1000) -> pd.DataFrame:
        """Mean and 95% interval of each model, beside what it is."""
        drawn = self.draws(column, n)
        bounds = drawn.quantile([0.025, 0.975]).set_axis(["low", "high"]).T
        return self.cells.assign(mean=self.of_households(column).mean()).join(bounds)

    def laws(self, n: int = 200, pointing: bool = False) -> tuple[Law, list[Law]]:
        """The law of the losses, and those of losses that are drawn anew; of networks with or without pointing."""
        some = self.cells[self.cells["pointing"] == pointing]
        sizes: tuple[Floats, Floats] = some["parameters"].to_numpy(float), some["purchases"].to_numpy(float)
        law = fit_law(*sizes, self.of_households("loss")[some.index].mean().to_numpy())
        return law, [fit_law(*sizes, losses) for losses in self.draws("loss", n)[some.index].to_numpy()]
