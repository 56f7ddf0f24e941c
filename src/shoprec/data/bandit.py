"""The Open Bandit Dataset: which fashion items a shop showed, with what probability, and which were clicked.

The shop ran two policies side by side for a week, each on a random part of its traffic: one that shows items at random,
and a Thompson sampler. So each policy's own log tells how often it is clicked, and whoever guesses that from the other
policy's log can be told how far off the guess was.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from shoprec.words import Pair

#: Items of each campaign.
CAMPAIGNS = {"all": 80, "men": 34, "women": 46}
POLICIES = ("random", "bts")
POSITIONS: dict[int, Pair] = {1: ("左", "left"), 2: ("中", "centre"), 3: ("右", "right")}

_USER = [f"user_{i}" for i in range(4)]
_RENAMED = {"item_id": "item", "propensity_score": "propensity"}
_TYPES = {"item": "int16", "position": "int8", "click": "bool", "propensity": "float64"}


@dataclass(frozen=True)
class BanditLog:
    """What one policy showed in one campaign, as `open_bandit` returns it.

    Attributes
    ----------
    campaign, policy : str
    rows : DataFrame
        One row per item shown, in order of time: `timestamp` (UTC), `item` (from 0), `position` (1 left, 2 centre,
        3 right), `click`, `propensity`, the probability with which the policy put this item in this position when it
        did, and `user_0` to `user_3`, anonymised groups that the user belongs to.
    items : DataFrame
        Indexed by `item`: `feature_0`, a number, and `feature_1` to `feature_3`, anonymised groups.
    affinity : array of float32, shape (n_rows, n_items)
        How often the user of a row had clicked each item before.
    """

    campaign: str
    policy: str
    rows: pd.DataFrame
    items: pd.DataFrame
    affinity: npt.NDArray[np.float32]

    @property
    def n_items(self) -> int:
        """Number of items that could be shown."""
        return len(self.items)

    def shares(self) -> npt.NDArray[np.float64]:
        """How often each item was shown in each position, as shares of the position: the policy, averaged over time.

        Returns
        -------
        array of shape (n_items, 3)
            Columns sum to 1.
        """
        counts = np.zeros((self.n_items, len(POSITIONS)))
        np.add.at(counts, (self.rows["item"], self.rows["position"] - 1), 1)
        return counts / counts.sum(axis=0)


def open_bandit(campaign: str, policy: str) -> BanditLog:
    """Load one log of the Open Bandit Dataset's small edition: 10,000 items shown by one policy.

    Parameters
    ----------
    campaign : {"all", "men", "women"}
        Which of the shop's three campaigns; they have 80, 34 and 46 items.
    policy : {"random", "bts"}
        Uniformly at random, or the shop's Bernoulli Thompson sampler.

    Returns
    -------
    BanditLog

    Raises
    ------
    ValueError
        If there is no such campaign or policy.
    ModuleNotFoundError
        If the package obp, which carries the files, is not installed.

    Notes
    -----
    Data by Saito, Aihara, Matsutani and Narita, licence CC BY 4.0. The rows are a sample, so that the three positions
    of one page view are rarely all there, and rows of the same user can't be recognised.

    Examples
    --------
    >>> log = open_bandit("men", "random")
    >>> len(log.rows), log.n_items, int(log.rows["click"].sum())
    (10000, 34, 46)
    >>> bool(np.allclose(log.rows["propensity"], 1 / 34))
    True
    """
    for value, name, choices in ((campaign, "campaign", CAMPAIGNS), (policy, "policy", POLICIES)):
        if value not in choices:
            raise ValueError(f"{name} is {value!r}; choose one of {', '.join(choices)}")
    folder = _folder() / policy / campaign
    table = pd.read_csv(folder / f"{campaign}.csv", index_col=0)
    affinity = table[[f"user-item_affinity_{item}" for item in range(CAMPAIGNS[campaign])]].to_numpy(np.float32)
    rows = table.rename(columns=_RENAMED | {f"user_feature_{i}": name for i, name in enumerate(_USER)})
    rows = rows[["timestamp", *_TYPES, *_USER]].astype(_TYPES | dict.fromkeys(_USER, "category"))
    rows["timestamp"] = pd.to_datetime(rows["timestamp"], format="ISO8601", utc=True)
    order = np.argsort(rows["timestamp"].to_numpy(), kind="stable")
    return BanditLog(campaign, policy, rows.iloc[order].reset_index(drop=True), _items(folder), affinity[order])


def _items(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "item_context.csv", index_col="item_id").sort_index()
    table = table[[f"item_feature_{i}" for i in range(4)]]
    table.columns = [f"feature_{i}" for i in range(4)]
    return table.rename_axis("item").astype({f"feature_{i}": "category" for i in (1, 2, 3)})


def _folder() -> Path:
    """Where the package obp keeps the files; it isn't imported, since its own reader needs an older pandas."""
    spec = importlib.util.find_spec("obp")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the log of advertisements comes from the package obp: pip install --no-deps obp")
    return Path(next(iter(spec.submodule_search_locations))) / "dataset" / "obd"
