"""Windows of purchases as tensors: what a network over the purchase history reads, in training and at the cut."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.models.behaviour import FEATURES, purchase_features, ragged
from shoprec.tasks import History

N_AGES = 20  #: classes of time spans, two per doubling; the last one begins at about two years


class Batch(NamedTuple):
    """Windows of purchases, the queries within them, and the queries' behaviour and targets.

    Attributes
    ----------
    items, gaps : Tensor of int, shape (n_windows, length)
        Products, oldest first and padded at the end with ``n_items``; class of the days since the basket before. The
        length is that of the longest window in the batch.
    days : Tensor of float, shape (n_windows, length)
        Time of the purchases, in days since the window's first.
    window, position : Tensor of int, shape (n_queries,)
        Where the last purchase known to the query stands.
    day : Tensor of float, shape (n_queries,)
        Moment of the query, on the same clock as ``days``.
    pair_query, pair_item, pair_features : Tensors, (n_pairs,), (n_pairs,) and (n_pairs, n_features)
        :class:`shoprec.models.behaviour.Behaviour` of the queries.
    target_query, target_item : Tensor of int, shape (n_targets,)
        Products of each query's next basket; empty when scoring.
    """

    items: Tensor
    gaps: Tensor
    days: Tensor
    window: Tensor
    position: Tensor
    day: Tensor
    pair_query: Tensor
    pair_item: Tensor
    pair_features: Tensor
    target_query: Tensor
    target_item: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Move all tensors to a device; to CUDA from pinned memory, so that nobody waits for the copy."""
        tensors = (tensor.pin_memory() for tensor in self) if device.type == "cuda" else self
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in tensors))


class TrainingSet:
    """Batches of past dates: for each household a random window, and random dates within it.

    The dates are uniform in time, so an example is what the test is: on some day, predict the next basket. On CUDA the
    next batch is made while the network learns from the one before.

    Parameters
    ----------
    history : History
    max_length : int
        Purchases per window, at most.
    batch_size : int
        Households per batch.
    n_dates : int
        Dates drawn per household.
    device : torch.device, optional
    behaviour : bool
        Whether to compute the behaviour term's features, which takes time and which only that term reads.
    passes : int
        How often an epoch visits each household, each time at other dates. Large batches are few; more passes keep
        the number of steps between two judgements.

    Raises
    ------
    ValueError
        If a number is out of range, or no household has a next basket.
    """

    def __init__(
        self,
        history: History,
        max_length: int,
        batch_size: int = 32,
        n_dates: int = 16,
        device: torch.device | None = None,
        behaviour: bool = True,
        passes: int = 1,
    ) -> None:
        counts = {"max_length": max_length, "batch_size": batch_size, "n_dates": n_dates, "passes": passes}
        for name, value in counts.items():
            whole(value, name)
        self.history, self.max_length = history, max_length
        self.batch_size, self.n_dates, self.device = batch_size, n_dates, device or torch.device("cpu")
        self.behaviour, self.passes = behaviour, passes
        first_basket = history.basket[history.start[:-1].clip(max=len(history.basket) - 1)]
        last_basket = history.basket[history.start[1:] - 1]
        has_two = (np.diff(history.start) > 0) & (last_basket > first_basket)
        self.users = np.flatnonzero(has_two)  # a household with one basket has nothing to predict
        if not len(self.users):
            raise ValueError("no household has two baskets in the history; there is no next basket to learn from")

    def __len__(self) -> int:
        """Batches per epoch."""
        return self.passes * -(-len(self.users) // self.batch_size)

    def __call__(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches, the same for the same generator."""
        batches = self._batches(rng)
        return ahead(batches) if self.device.type == "cuda" else batches

    def _batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        for _ in range(self.passes):
            users = rng.permutation(self.users)
            for i in range(0, len(users), self.batch_size):
                yield self.sample(users[i : i + self.batch_size], rng)

    def windows(self, users: Codes, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """Draw a window for each household: its first event, and the first after it.

        Ends beyond the last purchase are cut back to it: recent windows are drawn more often.
        """
        begin, end = self.history.start[users], self.history.start[users + 1]
        stop = np.minimum(end, begin + rng.integers(2, end - begin + self.max_length))
        return np.maximum(begin, stop - self.max_length), stop

    def sample(self, users: Codes, rng: np.random.Generator) -> Batch:
        """Draw a window and dates for each household."""
        history, n_dates = self.history, self.n_dates
        start, stop = self.windows(users, rng)
        window = np.repeat(np.arange(len(users)), n_dates)
        first, last = history.day[start][window], history.day[stop - 1][window]
        days: Floats = first + (last - first) * rng.random(len(window))
        known = history.known(users[window], days)
        # A window may begin within a basket; a date needs a purchase in the window before it, and a next basket.
        ok = (known > start[window]) & (known < stop[window])
        if not ok.any():  # windows of one basket only; take the households' last baskets as targets instead
            window, begin, end = np.arange(len(users)), history.start[users], history.start[users + 1]
            known = history.basket_start[history.basket[end - 1]]
            stop, days, ok = known, history.day[known], known > begin
        window, days, known = window[ok], days[ok], known[ok]
        basket = history.basket[known]
        target_query, event = ragged(history.basket_start[basket], history.basket_start[basket + 1])
        targets = (target_query, history.item[event])
        make = make_batch if self.behaviour else partial(make_batch, behaviour=False)
        return make(history, users, stop, window, days, known, self.max_length, targets).to(self.device)


class ClozeSet(TrainingSet):
    """Batches of gaps to be filled in, for a network that is not causal.

    From each household a window that ends before one of its baskets, drawn at random. [MASK] stands behind the window
    and asks for that basket, as it will when recommending; and a share of the purchases in the window is hidden behind
    [MASK] too, each to be guessed from all that is left.

    Parameters
    ----------
    share : float
        Share of the purchases to hide.
    **settings
        Those of :class:`TrainingSet`.

    Raises
    ------
    ValueError
        If [MASK] would leave no place for purchases, or the share is none.

    References
    ----------
    Sun et al. (2019), *BERT4Rec: Sequential recommendation with bidirectional encoder representations from
    Transformer*.
    """

    def __init__(self, history: History, max_length: int, share: float = 0.2, **settings: Any) -> None:
        super().__init__(history, max_length, **settings, behaviour=False)
        if max_length < 2:
            raise ValueError("[MASK] takes one place, so that max_length=1 leaves none for purchases; set 2 or more")
        if not 0 <= share <= 1:
            raise ValueError(f"share must be from 0 to 1, not {share}")
        self.share = share

    def sample(self, users: Codes, rng: np.random.Generator) -> Batch:
        """Draw a basket to ask for and purchases to hide from each household."""
        history = self.history
        begin, end = history.start[users], history.start[users + 1]
        basket = rng.integers(history.basket[begin] + 1, history.basket[end - 1] + 1)
        stop = history.basket_start[basket]
        target_query, event = ragged(stop, history.basket_start[basket + 1])
        batch = make_batch(
            history, users, stop, np.arange(len(users)), history.day[stop], stop, self.max_length - 1,
            (target_query, history.item[event]), behaviour=False,
        )  # fmt: skip
        batch = append_mask(batch, history.n_items)
        chosen = torch.as_tensor(rng.random(batch.items.shape) < self.share)
        return hide(batch, chosen, history.n_items).to(self.device)


def make_batch(
    history: History,
    users: Codes,
    stop: Codes,
    window: Codes,
    days: Floats,
    known: Codes,
    max_length: int,
    targets: tuple[Codes, Codes] = (np.zeros(0, int), np.zeros(0, int)),
    behaviour: bool = True,
) -> Batch:
    """Collect windows and queries into tensors.

    Parameters
    ----------
    history : History
    users, stop : arrays of int, shape (n_windows,)
        Household of each window, and the first event after it.
    window, days, known : arrays, shape (n_queries,)
        Window, moment and first unknown event of each query.
    max_length : int
        Purchases per window, at most.
    targets : pair of arrays of int
        Query and product of each target.
    behaviour : bool
        Whether to compute the behaviour features; without, there are no pairs.
    """
    start = np.maximum(history.start[users], stop - max_length)
    row, event = ragged(start, stop)
    column = event - start[row]
    items = np.full((len(users), (stop - start).max(initial=0)), history.n_items)
    items[row, column] = history.item[event]
    gaps = np.zeros_like(items)
    gaps[row, column] = age_class(torch.as_tensor(_days_since_last_basket(history, event)))
    begin = history.day[start]
    clock = np.zeros(items.shape, np.float32)
    clock[row, column] = history.day[event] - begin[row]
    day = (days - begin[window]).astype(np.float32)
    none = np.zeros(0, int)
    pairs = (none, none, np.zeros((0, len(FEATURES)), np.float32))
    if behaviour:
        pairs = purchase_features(history, users[window], days, known)
    arrays = (
        items, gaps, clock, window, known - 1 - start[window], day, *pairs, *targets,
    )  # fmt: skip
    return Batch(*map(torch.as_tensor, arrays))


def append_mask(batch: Batch, n_items: int) -> Batch:
    """Put [MASK] behind each window and move its query there.

    The windows get one column more. Each must have one query, at its last purchase.
    """
    row, place = batch.window, batch.position + 1
    items, gaps, days = F.pad(batch.items, (0, 1), value=n_items), F.pad(batch.gaps, (0, 1)), F.pad(batch.days, (0, 1))
    items[row, place] = n_items + 1
    gaps[row, place] = age_class(batch.day - days[row, batch.position])
    days[row, place] = batch.day
    return batch._replace(items=items, gaps=gaps, days=days, position=place)


def hide(batch: Batch, chosen: Tensor, n_items: int) -> Batch:
    """Hide purchases behind [MASK], and ask for each by a query at its place.

    Parameters
    ----------
    batch : Batch
    chosen : Tensor of bool, shape (n_windows, length)
        What to hide; padding and [MASK] stay as they are.
    n_items : int
    """
    row, place = torch.nonzero(chosen & (batch.items < n_items), as_tuple=True)
    query = len(batch.window) + torch.arange(len(row))
    return batch._replace(
        items=batch.items.index_put((row, place), torch.tensor(n_items + 1)),
        window=torch.cat([batch.window, row]),
        position=torch.cat([batch.position, place]),
        day=torch.cat([batch.day, batch.days[row, place]]),
        target_query=torch.cat([batch.target_query, query]),
        target_item=torch.cat([batch.target_item, batch.items[row, place]]),
    )


def age_class(days: Tensor) -> Tensor:
    """Class of a time span: two per doubling, from 0 for less than half a day.

    Examples
    --------
    >>> age_class(torch.tensor([0.0, 0.5, 1.0, 7.0, 364.0, 9999.0])).tolist()
    [0, 1, 2, 6, 17, 19]
    """
    return (2 * torch.log2(1 + days.clamp(min=0))).long().clamp(max=N_AGES - 1)


def ahead(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the same in the same order, the next being made in another thread meanwhile.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    iterator, end = iter(batches), object()
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(next, iterator, end)
        while (batch := coming.result()) is not end:
            coming = thread.submit(next, iterator, end)
            yield batch


def _days_since_last_basket(history: History, event: Codes) -> Floats:
    """Days between an event and the one before; 0 within a basket and for a household's first."""
    before = np.maximum(event - 1, 0)
    same = history.user[before] == history.user[event]
    return np.where(same, history.day[event] - history.day[before], 0.0)
