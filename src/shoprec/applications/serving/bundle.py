"""What a service needs, in a folder: the network, the households' latest purchases, the names of the products.

Nothing in it is code: weights are safetensors, tables Parquet, settings JSON. It loads without the data that it was
made from.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.torch import load_file, save_file

from shoprec.formulas.arrays import whole
from shoprec.models.cached import Purchases, purchases_of
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import History, Task

BASKET = 48  #: products of a basket that is being scanned; the network keeps places for them
CONFIG = TransformerConfig(d_model=32, max_length=80 + BASKET, dropout=0.1, behaviour=False)
FILES = ("about.json", "network.safetensors", "purchases.parquet", "products.parquet")


@dataclass(frozen=True)
class Bundle:
    """A trained network with all that it answers from.

    Attributes
    ----------
    network : PurchaseTransformer
    purchases : dict
        By the household's id in the data, its latest purchases, so many that a basket still has places.
    products : DataFrame
        One row for each product of the network, in the order of its codes, indexed by the id in the data: ``name_zh``
        and ``name_en``.
    today : float
        The moment of all requests, in days since 1970-01-01: that of the cut, for the data ends long ago.
    """

    network: PurchaseTransformer
    purchases: dict[int, Purchases]
    products: pd.DataFrame
    today: float

    @classmethod
    def of(cls, network: PurchaseTransformer, task: Task, products: pd.DataFrame) -> "Bundle":
        """A network over a task's history and catalogue, with the names of the products by their ids."""
        network = network.cpu().eval()
        most = network.config.max_length - whole(BASKET, "BASKET")
        known = {int(task.users[u]): purchases_of(task.history, u, most) for u in np.unique(task.history.user)}
        return cls(network, known, products.loc[task.items, ["name_zh", "name_en"]], task.cut_day)

    def save(self, folder: Path) -> None:
        """Write the files; the one that says what they are comes last."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous() for k, v in self.network.state_dict().items()}, folder / FILES[1])
        parts = self.purchases.values()
        table = {"household": np.repeat([*self.purchases], [len(p) for p in parts])}
        table |= {name: np.concatenate([getattr(p, f"{name}s") for p in parts]) for name in ("item", "day", "gap")}
        pd.DataFrame(table).to_parquet(folder / FILES[2], index=False)
        self.products.rename_axis("item").reset_index().to_parquet(folder / FILES[3], index=False)
        about = {"config": asdict(self.network.config), "today": self.today}
        (folder / FILES[0]).write_text(json.dumps(about), "utf8")

    @classmethod
    def load(cls, folder: Path) -> "Bundle":
        """Read what :meth:`save` wrote.

        Raises
        ------
        FileNotFoundError
            If a file is missing.
        """
        if missing := [name for name in FILES if not (folder / name).is_file()]:
            raise FileNotFoundError(f"{folder} holds no trained model: {', '.join(missing)} is missing")
        about = json.loads((folder / FILES[0]).read_text("utf8"))
        products = pd.read_parquet(folder / FILES[3]).set_index("item")
        network = PurchaseTransformer(_blank(len(products)), TransformerConfig(**about["config"]))
        network.load_state_dict(load_file(folder / FILES[1]))
        table = pd.read_parquet(folder / FILES[2])
        ids, start = np.unique(table["household"], return_index=True)
        parts = (np.split(table[name].to_numpy(), start[1:]) for name in ("item", "day", "gap"))
        known = {int(i): Purchases(*part) for i, *part in zip(ids, *parts, strict=True)}
        return cls(network.eval(), known, products, about["today"])


def _blank(n_items: int) -> History:
    """A history that gives a network its size, and nothing that its weights don't replace."""
    one = np.zeros(1, int)
    return History(one, one, one, np.zeros(1), n_users=1, n_items=n_items)
