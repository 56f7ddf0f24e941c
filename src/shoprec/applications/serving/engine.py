"""The recommender behind the service: what it has read of a household is kept, and a scan is read by itself."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from shoprec.applications.serving.bundle import Bundle
from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.models.cached import Purchases, Session, basket_after


@dataclass(frozen=True)
class Answer:
    """A list for a basket that is being scanned.

    Attributes
    ----------
    codes : array of int, shape (k,)
        Products, best first, none of them in the basket; fewer, if the catalogue has no more.
    scores : array of float, shape (k,)
    unknown : list of int
        Products of the basket that the network doesn't know; they were left out.
    read : int
        Purchases that the network had to read for this answer; the others it knew.
    seconds : float
        Taken by reading and ranking, waiting not included.
    """

    codes: Codes
    scores: Floats
    unknown: list[int]
    read: int
    seconds: float


class Engine:
    """Answers requests one after the other, from sessions that it keeps for the households seen last.

    A request brings the whole basket, so that any server can answer it, also a second time. What a session has read
    already is found by comparing: of the basket before, as much is kept as the new one begins with.

    Parameters
    ----------
    bundle : Bundle
    most_sessions : int
        Households whose sessions are kept; of more, the one not seen for longest goes.
    """

    def __init__(self, bundle: Bundle, most_sessions: int = 1000) -> None:
        self.bundle, self.most_sessions = bundle, whole(most_sessions, "most_sessions")
        self.code = {int(item): code for code, item in enumerate(bundle.products.index)}
        self.sessions: OrderedDict[int, Session] = OrderedDict()
        self.lock = Lock()  # one answer at a time: there is one core, and sessions are shared

    def answer(self, household: int, basket: Sequence[int], k: int = 10) -> Answer:
        """The best ``k`` products for a household that has these in its basket.

        Parameters
        ----------
        household : int
            Its id in the data; one that has bought nothing yet is answered from its basket alone.
        basket : sequence of int
            Ids of the products in the order of scanning.
        k : int
        """
        codes = [self.code[item] for item in basket if item in self.code]
        unknown = [item for item in basket if item not in self.code]
        with self.lock:
            start = time.perf_counter()
            session, read = self._session(household, codes)
            scores = session.scores(self.bundle.today)
            scores[codes] = -np.inf
            best = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
            best = best[np.argsort(-scores[best], kind="stable")]
            best = best[np.isfinite(scores[best])]  # of a small catalogue, the basket may leave fewer than k
            return Answer(best, scores[best], unknown, read, time.perf_counter() - start)

    def _session(self, household: int, basket: list[int]) -> tuple[Session, int]:
        """A session that has read the household's history and the basket, and how much it had to read for that."""
        none = Purchases(np.zeros(0, int), np.zeros(0), np.zeros(0))
        known = self.bundle.purchases.get(household, none)
        session = self.sessions.pop(household, None) or Session(self.bundle.network)
        before = len(session)
        wanted = np.concatenate([known.items, np.asarray(basket, int)])
        same = session.items.numpy()[: len(wanted)] == wanted[:before]
        kept = int(same.cumprod().sum())
        session.forget(kept)
        for part in (known.part(kept), basket_after(known, basket, self.bundle.today).part(max(0, kept - len(known)))):
            session.read(part)
        self.sessions[household] = session
        if len(self.sessions) > self.most_sessions:
            self.sessions.popitem(last=False)
        return session, len(session) - kept
