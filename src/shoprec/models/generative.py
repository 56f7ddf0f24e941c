r"""Generative retrieval: a network that writes a product's semantic id code by code, instead of scoring all products.

.. math:: \log p(i \mid u) = \sum_{\ell=1}^{L} \log p(z_{i\ell} \mid u, z_{i1}, \ldots, z_{i,\ell-1})

The windows are read as in :mod:`shoprec.models.transformer`; a purchase is the sum of the vectors of its codes. Then a
small decoder, of the same blocks, reads what was understood, followed by the codes written so far, and gives each code
of the next level a logit. No table has a row for each product. As few codes may follow a prefix, the probability of
every product can be computed exactly: each prefix is decoded once, however many products begin with it. A beam search
decodes only the most probable prefixes.
"""

import math

import torch
from torch import Tensor, nn

from shoprec.models.batches import Batch
from shoprec.models.semantic_ids import SemanticIds
from shoprec.models.transformer import PurchaseTransformer, TransformerBlock, TransformerConfig, at_queries
from shoprec.tasks import History

AT_A_TIME = 16  #: queries for which all prefixes are decoded, which bounds the memory


class CodeEmbedding(nn.Module):
    """Vectors of codes; a product's is the sum over its levels, that of padding is zero.

    Parameters
    ----------
    ids : SemanticIds
    d : int
        Length of the vectors.
    """

    def __init__(self, ids: SemanticIds, d: int) -> None:
        super().__init__()
        begin = torch.tensor([0, *ids.sizes]).cumsum(0)
        self.begin = begin.tolist()  # where the codes of each level begin in the table; last, the padding
        self.weight = nn.Parameter(torch.empty(self.begin[-1], d))
        nn.init.normal_(self.weight, std=0.02)
        self.rows: Tensor
        rows = torch.as_tensor(ids.codes) + begin[:-1]
        padding = rows.new_full((1, rows.shape[1]), self.begin[-1])
        self.register_buffer("rows", torch.cat([rows, padding]), persistent=False)

    def forward(self, items: Tensor) -> Tensor:
        """Products' vectors, items.shape + (d,)."""
        table = torch.cat([self.weight, self.weight.new_zeros(1, self.weight.shape[1])])
        return nn.functional.embedding(self.rows[items], table).sum(dim=-2)

    def of_level(self, level: int) -> Tensor:
        """Vectors of a level's codes, (n_codes, d)."""
        return self.weight[self.begin[level] : self.begin[level + 1]]


class CodeTransformer(PurchaseTransformer):
    """The network that writes codes: from a :class:`Batch` to a log-probability for every query and product.

    Parameters
    ----------
    history : History
        Gives the products' popularity.
    ids : SemanticIds
    config : TransformerConfig
        Without pointing and behaviour.
    n_decoder : int
        Blocks of the decoder.
    prior : bool
        Whether training knows the tree, as the bestseller list fills it: the popularity of what begins with a prefix
        is added to its logit, as our other networks add a product's, and what doesn't exist has none. Otherwise
        training knows nothing of the tree, which is used for writing alone.

    Attributes
    ----------
    beam_width : int or None
        Prefixes that a beam search keeps; all other products then score −∞. None scores all of them exactly.
    """

    item: CodeEmbedding  # type: ignore[assignment]  # read as the table of products is

    def __init__(
        self, history: History, ids: SemanticIds, config: TransformerConfig, n_decoder: int = 1, prior: bool = True
    ) -> None:
        if config.pointing or config.behaviour or len(ids.codes) != history.n_items:
            raise ValueError("pass a configuration without pointing and behaviour, and ids of the history's products")
        super().__init__(history, config)
        self.ids, self.prior = ids, prior
        self.beam_width: int | None = None
        self.item = CodeEmbedding(ids, config.d_model)
        self.item_bias = nn.Parameter(torch.zeros(self.item.begin[-1]))  # one for each code, not for each product
        self.depth = nn.Embedding(len(ids.sizes), config.d_model)
        nn.init.normal_(self.depth.weight, std=0.02)
        self.decoder = nn.ModuleList(TransformerBlock(config) for _ in range(n_decoder))
        self.decoder_norm = nn.LayerNorm(config.d_model)
        share = torch.as_tensor(history.log_popularity, dtype=torch.float32).exp()
        for length, level in enumerate(ids.levels):
            n, size = level.child.shape
            cell = torch.as_tensor(level.of_item) * size + torch.as_tensor(ids.codes[:, length])
            total = torch.zeros(n * size).index_add(0, cell, share).view(n, size)
            self.register_buffer(f"popularity_{length}", total.log(), persistent=False)  # −∞ where nothing is
            self.register_buffer(f"child_{length}", torch.as_tensor(level.child), persistent=False)
            self.register_buffer(f"prefixes_{length}", torch.as_tensor(level.prefixes), persistent=False)
            self.register_buffer(f"of_item_{length}", torch.as_tensor(level.of_item), persistent=False)

    @torch.no_grad()
    def start_from_books(self, spread: float = 0.06) -> None:
        """Let the codes' vectors start from their codebooks: a product's is then what its codes say of its vector."""
        books = [torch.as_tensor(book, dtype=torch.float32) for book in self.ids.books]
        codes = torch.as_tensor(self.ids.codes)
        said = sum((book[codes[:, level]] for level, book in enumerate(books)), torch.zeros(()))
        for level, book in enumerate(books):
            self.item.of_level(level)[: len(book)] = book * (spread / said.std())

    def decode(self, read: Tensor, codes: Tensor) -> Tensor:
        """Read what was understood and then codes, (n, d) and (n, m), and give (n, m + 1, d), for each next code."""
        m = codes.shape[1]
        written = [self.item.of_level(level)[codes[:, level]] for level in range(m)]
        x = torch.stack([read, *written], dim=1) + self.depth.weight[: m + 1]
        for block in self.decoder:
            x = block(x)
        return self.decoder_norm(x)

    def log_next(self, x: Tensor, level: int, row: Tensor, tree: bool) -> Tensor:
        """Log-probability of each code of a level, (…, n_codes), after the prefixes in some rows of its table.

        With the tree, only what exists has any.
        """
        bias = self.item_bias[self.item.begin[level] : self.item.begin[level + 1]]
        logits = nn.functional.linear(x, self.item.of_level(level), bias)
        popularity = getattr(self, f"popularity_{level}")[row]
        if self.prior:
            logits = logits + self.popularity_weight * popularity.clamp(min=-30)
        if tree:
            logits = logits.masked_fill(popularity.isneginf(), -math.inf)
        return logits.log_softmax(dim=-1)

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the next baskets, as that of all networks: each code is asked for after the right ones."""
        query, item = batch.target_query, batch.target_item
        codes = self.item.rows[item] - torch.tensor(self.item.begin[:-1], device=item.device)
        x = self.decode(at_queries(self.encode(batch), batch)[query], codes[:, :-1])
        log_p = torch.zeros(len(item), device=item.device)
        for level in range(codes.shape[1]):
            row = getattr(self, f"of_item_{level}")[item]
            found = self.log_next(x[:, level], level, row, tree=self.prior)
            log_p = log_p + found.gather(1, codes[:, level, None])[:, 0]
        n_queries = len(batch.window)
        n_targets = query.new_zeros(n_queries).index_add(0, query, torch.ones_like(query))
        return -(log_p / n_targets[query]).sum() / n_queries

    def forward(self, batch: Batch, candidates: Tensor | None = None) -> Tensor:
        """Log-probability of candidate products, by default all, (n_queries, n_candidates)."""
        read = at_queries(self.encode(batch), batch)
        if self.beam_width is None:
            scores = torch.cat([self.exact(some) for some in read.split(AT_A_TIME)])
        else:
            items, log_p = self.beam(read, self.beam_width)
            scores = read.new_full((len(read), self.n_items + 1), -math.inf).scatter(1, items, log_p)[:, :-1]
        return scores if candidates is None else scores[:, candidates]

    def exact(self, read: Tensor, tree: bool = True) -> Tensor:
        """Log-probability of every product, (n_queries, n_items), from what was read, (n_queries, d).

        Without the tree they don't add up to one: what is missing is of codes that no product has.
        """
        total = read.new_zeros(len(read), 1)
        for level in range(len(self.ids.sizes)):
            child, prefixes = getattr(self, f"child_{level}"), getattr(self, f"prefixes_{level}")
            exists = child >= 0
            # What has one child alone is sure of it, once the tree is known.
            row = torch.nonzero(exists.sum(dim=1) > 1 if tree else exists.any(dim=1))[:, 0]
            n_next = self.n_items if level == len(self.ids.sizes) - 1 else int(child.max()) + 1
            parent = torch.zeros(n_next, dtype=torch.long, device=read.device)
            parent[child[exists]] = torch.nonzero(exists)[:, 0]
            step = read.new_zeros(len(read), n_next)
            if len(row):
                n, some = len(read), prefixes[row]
                x = self.decode(read.repeat_interleave(len(row), 0), some.repeat(n, 1))[:, -1].view(n, len(row), -1)
                known = exists[row]
                step[:, child[row][known]] = self.log_next(x, level, row, tree)[:, known]
            total = total[:, parent] + step
        return total

    def beam(self, read: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """The most probable products that a beam search finds, and their log-probabilities, both (n_queries, width).

        Where fewer are found, ``n_items`` stands for none, with −∞.
        """
        n = len(read)
        codes, log_p = read.new_zeros(n, 1, 0, dtype=torch.long), read.new_zeros(n, 1)
        row = read.new_zeros(n, 1, dtype=torch.long)
        for level, size in enumerate(self.ids.sizes):
            kept = codes.shape[1]
            x = self.decode(read.repeat_interleave(kept, 0), codes.flatten(0, 1))[:, -1].view(n, kept, -1)
            step = self.log_next(x, level, row, tree=True)
            found = (log_p[:, :, None] + step).flatten(1)
            log_p, place = found.topk(min(width, found.shape[1]), dim=1)
            before, code = place // size, place % size
            row = getattr(self, f"child_{level}")[row.gather(1, before), code]
            codes = torch.cat([codes.gather(1, before[..., None].expand(-1, -1, level)), code[..., None]], dim=2)
            row, log_p = row.clamp(min=0), log_p.masked_fill(row < 0, -math.inf)
        return row.masked_fill(log_p.isneginf(), self.n_items), log_p
