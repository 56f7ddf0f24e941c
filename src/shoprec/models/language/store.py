"""Embeddings kept on disk, so that an encoder reads each text once.

A file serves one encoder and is named by its identity: an encoder that has changed in the least has another file. It
carries a checksum over all that it holds. Whatever is wrong with the disk is no reason to embed nothing.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shoprec.formulas.arrays import Floats
from shoprec.training.cache import cache_folder, write_whole

Read = Callable[[list[str]], Floats]


def identity_of(encoder: Any) -> str:
    """What decides an encoder's vectors, as a digest: its kind, its settings, its words and every weight.

    Parameters
    ----------
    encoder
        Either it says itself who it is, by an attribute ``identity``, or it is a SentenceTransformer.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> identity_of(SimpleNamespace(identity="tea 1")) == identity_of(SimpleNamespace(identity="tea 2"))
    False
    """
    total = hashlib.sha256(f"{type(encoder).__module__}.{type(encoder).__qualname__}\0".encode())
    if identity := getattr(encoder, "identity", ""):
        total.update(str(identity).encode())
    elif hasattr(encoder, "state_dict") and hasattr(encoder, "tokenizer"):
        import sentence_transformers
        import transformers

        told = sentence_transformers.__version__, transformers.__version__, encoder.max_seq_length, encoder
        total.update("\0".join(map(str, told)).encode())
        words = json.dumps(encoder.tokenizer.get_vocab(), sort_keys=True)
        total.update(f"{type(encoder.tokenizer).__name__}\0{words}".encode())
        for name, weight in sorted(encoder.state_dict().items()):
            values = np.ascontiguousarray(weight.detach().cpu().numpy())
            total.update(f"\0{name}\0{values.dtype}\0{values.shape}\0".encode() + values.tobytes())
    else:
        raise ValueError(
            f"{type(encoder).__name__} doesn't say who it is, so its vectors can't be told from another's; give it an "
            "attribute identity, a text that changes whenever its vectors do, or embed without a store"
        )
    return total.hexdigest()


class EmbeddingStore:
    """A folder of embeddings, one file for each encoder.

    Parameters
    ----------
    folder : str or path, optional
        By default ``embeddings`` in the package's cache, :func:`shoprec.training.cache.cache_folder`.

    Notes
    -----
    A file is read and written as a whole: meant for thousands of texts, not for millions. Two processes may use one
    store. If they write at the same moment, the later may drop what the earlier added; it is then read again, never
    mixed up.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from tempfile import TemporaryDirectory
    >>> asked = []
    >>> def lengths(texts):
    ...     asked.extend(texts)
    ...     return np.array([[len(text)] for text in texts])
    >>> with TemporaryDirectory() as folder:
    ...     store, encoder = EmbeddingStore(folder), SimpleNamespace(identity="lengths")
    ...     store.vectors(["tea"], encoder, lengths)
    ...     store.vectors(["milk", "tea"], encoder, lengths)
    array([[3.]], dtype=float32)
    array([[4.],
           [3.]], dtype=float32)
    >>> asked
    ['tea', 'milk']
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else cache_folder() / "embeddings"

    def file_of(self, encoder: Any) -> Path:
        """The file that holds an encoder's embeddings, or would."""
        return self.folder / f"{identity_of(encoder)[:32]}.safetensors"

    def vectors(self, texts: Sequence[str], encoder: Any, read: Read) -> Floats:
        """The texts' vectors, of which the encoder reads only those that the store doesn't hold.

        Parameters
        ----------
        texts : sequence of str
            Each once.
        encoder
            Says whose vectors these are; see :func:`identity_of`.
        read : function
            From a list of texts to an array with a row for each.

        Returns
        -------
        array of float32, shape (n_texts, n_dimensions)

        Raises
        ------
        ValueError
            If ``read`` returns another number of vectors than it was given texts, or vectors of another length than
            those of the store.

        Warns
        -----
        UserWarning
            If a file is damaged, which is then put aside, not overwritten; or if the disk can't be read or written.
        """
        identity = identity_of(encoder)
        file = self.folder / f"{identity[:32]}.safetensors"
        known = self._known(file, identity)
        new = [text for text in texts if text not in known]
        if new:
            known |= dict(zip(new, _checked(read(new), len(new), known), strict=True))
            self._keep(file, identity, self._known(file, identity) | known)  # another process may have added some
        return np.stack([known[text] for text in texts])

    def _known(self, file: Path, identity: str) -> dict[str, Floats]:
        """What a file holds; nothing if there is none, or none that can be trusted."""
        try:
            data = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            warnings.warn(f"can't read the embeddings in {file} ({error}); all texts are read anew", stacklevel=4)
            return {}
        try:
            return _unpack(data, identity)
        except (ValueError, KeyError) as error:
            aside = file.with_name(f"{file.name}.damaged")
            text = f"the embeddings in {file} are damaged ({error}); all texts are read anew, and the file is put aside"
            try:
                os.replace(file, aside)
            except OSError as obstacle:
                text = f"{text}, which failed ({obstacle})"
            warnings.warn(f"{text}: {aside.name}", stacklevel=4)
            return {}

    def _keep(self, file: Path, identity: str, known: dict[str, Floats]) -> None:
        """Write the file; what can't be written is warned of."""
        try:
            write_whole(file, _pack(known, identity))
        except OSError as error:
            warnings.warn(f"can't keep embeddings in {file} ({error}); they will be computed again", stacklevel=4)


def _checked(vectors: Floats, n: int, known: dict[str, Floats]) -> Floats:
    """What an encoder returned, if it has the form that it should have."""
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != n:
        raise ValueError(f"the encoder was given {n} texts and returned an array of shape {vectors.shape}")
    length = len(next(iter(known.values()), vectors[0]))
    if vectors.shape[1] != length:
        raise ValueError(
            f"the encoder returned {vectors.shape[1]} numbers for a text, and the store holds {length} for each; an "
            "encoder whose vectors change needs another identity"
        )
    return vectors


def _pack(known: dict[str, Floats], identity: str) -> bytes:
    from safetensors.numpy import save  # here, so that whoever keeps nothing needs nothing

    vectors, texts = np.stack(list(known.values())), json.dumps(list(known))
    notes = {"identity": identity, "texts": texts, "checksum": _checksum(identity, texts, vectors)}
    return save({"vectors": vectors}, metadata=notes)


def _unpack(data: bytes, identity: str) -> dict[str, Floats]:
    """What was packed; an error if any of it is other than it was."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        vectors = load(data)["vectors"]
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    notes = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    if notes["checksum"] != _checksum(notes["identity"], notes["texts"], vectors):
        raise ValueError("its checksum is wrong")
    if notes["identity"] != identity:
        raise ValueError("it is another encoder's")
    return dict(zip(json.loads(notes["texts"]), vectors, strict=True))


def _checksum(identity: str, texts: str, vectors: Floats) -> str:
    told = f"{identity}\0{texts}\0{vectors.dtype}\0{vectors.shape}\0"
    return hashlib.sha256(told.encode() + vectors.tobytes()).hexdigest()
