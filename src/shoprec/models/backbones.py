"""GPT-2 and BERT by Hugging Face in the place of our own blocks, and training by binary cross-entropy.

All that surrounds the backbone stays the same: embeddings, pointing, scores, data, optimiser. The backbones are built
from a configuration with random weights; nothing is downloaded.
"""

from typing import Any

import torch
from torch import Tensor, nn

from shoprec.models.batches import Batch
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import History
from shoprec.training.losses import gbce_loss, gbce_power


class HuggingFaceBackbone(nn.Module):
    """A model by Hugging Face as a map of vectors to vectors, called as our blocks are.

    Parameters
    ----------
    model : Module
        Takes ``inputs_embeds`` and ``attention_mask`` and returns ``last_hidden_state``.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """(batch, length, d_model) in and out; ``visible``, (batch, length), says what is no padding."""
        mask = None if visible is None else visible.long()
        return self.model(inputs_embeds=x, attention_mask=mask).last_hidden_state


def huggingface_backbone(config: TransformerConfig) -> HuggingFaceBackbone:
    """GPT-2 if the configuration is causal, otherwise BERT, as wide and as deep as our own blocks would be.

    Both come with a table of places of their own, and BERT puts the norm after each part instead of before.

    Parameters
    ----------
    config : TransformerConfig

    Examples
    --------
    >>> backbone = huggingface_backbone(TransformerConfig(d_model=8, max_length=5))
    >>> type(backbone.model).__name__, tuple(backbone(torch.zeros(2, 5, 8)).shape)
    ('GPT2Model', (2, 5, 8))
    """
    d = config.d_model
    model: nn.Module
    # Imported here, as transformers takes long to load and few need it.
    if config.causal:
        from transformers import GPT2Config, GPT2Model

        model = GPT2Model(
            GPT2Config(
                vocab_size=1, n_positions=config.max_length, n_embd=d, n_layer=config.n_layers, n_head=config.n_heads,
                resid_pdrop=config.dropout, embd_pdrop=0.0, attn_pdrop=config.dropout, use_cache=False,
                bos_token_id=0, eos_token_id=0,
            )
        )  # fmt: skip
    else:
        from transformers import BertConfig, BertModel

        model = BertModel(
            BertConfig(
                vocab_size=1, max_position_embeddings=config.max_length, type_vocab_size=1, hidden_size=d,
                num_hidden_layers=config.n_layers, num_attention_heads=config.n_heads, intermediate_size=4 * d,
                hidden_dropout_prob=config.dropout, attention_probs_dropout_prob=config.dropout, pad_token_id=0,
            ),
            add_pooling_layer=False,
        )  # fmt: skip
    return HuggingFaceBackbone(model)


class BinaryTransformer(PurchaseTransformer):
    """The same network, trained to tell what was bought from products drawn at random.

    Parameters
    ----------
    history, config, n_sampled
        As for :class:`shoprec.models.transformer.PurchaseTransformer`; each target's negatives come from the
        ``n_sampled`` products that are drawn for the batch, or, if that is None, from all.
    n_negatives : int
        Negatives per target: 1 is SASRec's loss.
    t : float
        Calibration of :func:`shoprec.training.losses.gbce_power`: 0 is plain binary cross-entropy.
    **settings
        Others of :class:`shoprec.models.transformer.PurchaseTransformer`.
    """

    def __init__(
        self,
        history: History,
        config: TransformerConfig | None = None,
        n_sampled: int | None = 512,
        n_negatives: int = 1,
        t: float = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__(history, config, n_sampled, **settings)
        self.n_negatives = n_negatives
        self.beta = gbce_power(n_negatives, self.n_items, t)

    def loss(self, batch: Batch) -> Tensor:
        """Binary cross-entropy over the targets."""
        query, target = batch.target_query, batch.target_item
        shape, device = (len(target), self.n_negatives), target.device
        if self.n_sampled is None:
            drawn, column = torch.randint(self.n_items, shape, device=device), target
            scores = self(batch)
        else:
            pool = torch.randint(self.n_items, (self.n_sampled,), device=device)
            drawn = pool[torch.randint(self.n_sampled, shape, device=device)]
            candidates = torch.cat([pool, target]).unique()
            drawn, column = torch.searchsorted(candidates, drawn), torch.searchsorted(candidates, target)
            scores = self(batch, candidates)
        bought = torch.zeros_like(scores, dtype=torch.bool)
        bought[query, column] = True
        asked = query[:, None]
        # What the query's basket holds is no negative.
        negative = scores[asked, drawn].masked_fill(bought[asked, drawn], -torch.inf)
        return gbce_loss(scores[query, column], negative, self.beta)
