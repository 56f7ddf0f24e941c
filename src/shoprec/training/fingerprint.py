"""What a run is made of, as names and short texts: two runs with equal fingerprints end alike.

Whoever trains lists nothing: the walk goes from the settings, the network and the maker of batches to all that they
hold. Numbers and texts stand in a fingerprint as they are, so that a difference can be told; arrays, weights and code
as digests.
"""

import hashlib
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

PACKAGE = Path(__file__).parents[1]
INSTALLED = (str(PACKAGE), sysconfig.get_path("stdlib"), "site-packages", "dist-packages")
PLAIN = (type(None), bool, int, float, complex, str, bytes)


def fingerprint(**parts: Any) -> dict[str, str]:
    """Describe a run by its parts: their settings, data and code, and the versions of what computes.

    An object is described by its public attributes, a network also by its weights, a dataclass by its fields, a
    function by its code and by what it uses of its surroundings. Functions and classes of installed packages stand for
    themselves; shoprec's own source is digested as a whole. Not seen: attributes that begin with an underscore, and
    what is read from files or drawn from generators later on.

    Parameters
    ----------
    **parts
        Anything, by a name to report differences under.

    Returns
    -------
    dict of str to str
        A value or a digest for each thing that was met.

    Examples
    --------
    >>> run = fingerprint(network=nn.Dropout(0.3), scale=2)
    >>> run["network"], run["network.p"], run["scale"], run["versions.torch"] == torch.__version__
    ('torch.nn.modules.dropout.Dropout', '0.3', '2', True)
    >>> differences(run, fingerprint(network=nn.Dropout(0.2), scale=2))
    'network.p 0.3 → 0.2'
    """
    versions = {"torch": str(torch.__version__), "numpy": np.__version__, "shoprec": _package_digest()}
    return dict(_walk(parts | {"versions": versions}, "", {}))


def differences(before: dict[str, str], now: dict[str, str], at_most: int = 3) -> str:
    """Tell in a line what differs between two fingerprints; empty if nothing does.

    Parameters
    ----------
    before, now : dict of str to str
    at_most : int
        Differences to name; what can be read comes before what is a digest.

    Examples
    --------
    >>> differences({"seed": "0", "weights": "sha256:1f"}, {"seed": "1", "weights": "sha256:2e", "width": "8"})
    'seed 0 → 1, width nothing → 8, other weights'
    """
    names = [name for name in before | now if before.get(name) != now.get(name)]
    said, other = [], []
    for name in names:
        values = before.get(name, "nothing"), now.get(name, "nothing")
        if any(value.startswith("sha256:") for value in values):
            other.append(f"other {name}")
        else:
            said.append(f"{name} {values[0]} → {values[1]}")
    lines = said + other
    more = [f"and {len(lines) - at_most} more"] if len(lines) > at_most else []
    return ", ".join(lines[:at_most] + more)


def _walk(value: Any, name: str, seen: dict[int, Any]) -> Iterator[tuple[str, str]]:
    """A name and a text for a value and for all that it is made of, each object once."""
    text = _text(value)
    if text is not None:
        yield name, text if len(text) <= 80 else _digest(text.encode())
        return
    if id(value) in seen:
        return
    seen[id(value)] = value  # kept, for the id of what is gone may be given to another
    if name:
        yield name, _name_of(type(value))
    for part, inner in _parts(value).items():
        yield from _walk(inner, f"{name}.{part}" if name else str(part), seen)


def _text(value: Any) -> str | None:
    """A value that is not to be parted, as text."""
    match value:
        case torch.Tensor():
            return _digest(str((value.dtype, value.shape)).encode(), _bytes_of(value))
        case pd.Series() | pd.Index():
            return _text(value.to_numpy())
        case np.ndarray():
            content = repr(value.tolist()).encode() if value.dtype.hasobject else value.tobytes()
            return _digest(str((value.dtype, value.shape)).encode(), content)
        case np.generic():
            return repr(value.item())
        case ModuleType():
            return value.__name__
        case type() | FunctionType() if not _is_the_readers(value):
            return _name_of(value)
        case set() | frozenset():
            return repr(sorted(map(repr, value)))
        case list() | tuple():
            return repr(value) if all(isinstance(inner, PLAIN) for inner in value) else None
        case str():
            return value
    return repr(value) if isinstance(value, PLAIN) else None


def _parts(value: Any) -> Mapping[str, Any]:
    """What a value is made of, by name."""
    match value:
        case Mapping():
            return {str(key): inner for key, inner in value.items()}
        case list() | tuple():
            return dict(zip(map(str, range(len(value))), value, strict=True))
        case pd.DataFrame():
            return {"index": value.index} | {str(name): column for name, column in value.items()}
        case FunctionType():
            return _parts_of_function(value)
        case MethodType():
            return {"of": value.__self__, "function": value.__func__}
        case partial():
            return {"function": value.func, "arguments": value.args, "keywords": value.keywords}
        case CodeType():
            return {"steps": _digest(value.co_code), "names": value.co_names, "constants": value.co_consts}
        case type():
            return _parts_of_class(value)
    return _parts_of_object(value)


def _parts_of_object(value: Any) -> Mapping[str, Any]:
    if is_dataclass(value):  # its fields alone: other attributes are computed from them, sooner or later
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
    else:
        parts = {name: part for name, part in getattr(value, "__dict__", {}).items() if _is_public(name)}
    if isinstance(value, nn.Module):
        parts.pop("training", None)
        parts |= value._parameters | value._buffers | value._modules
    if not parts and " at 0x" not in repr(value):  # an address is another in every process
        parts = {"is": repr(value)}
    return parts | ({"class": type(value)} if _is_the_readers(type(value)) else {})


def _parts_of_class(kind: type) -> Mapping[str, Any]:
    """Methods, properties and constants of a class, and what it inherits from."""
    return {"bases": kind.__bases__} | {
        name: getattr(part, "__func__", getattr(part, "fget", part))
        for name, part in vars(kind).items()
        if isinstance(part, FunctionType) or _is_public(name)
    }


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__wrapped__"  # which is what a decorator was put around


def _parts_of_function(function: FunctionType) -> Mapping[str, Any]:
    code = function.__code__
    enclosed = dict(zip(code.co_freevars, (cell.cell_contents for cell in function.__closure__ or ()), strict=True))
    used = {name: function.__globals__[name] for name in sorted(_names_in(code)) if name in function.__globals__}
    return {"code": code, "defaults": (function.__defaults__, function.__kwdefaults__)} | used | enclosed


def _names_in(code: CodeType) -> set[str]:
    """Names that are looked up in a function's surroundings, in functions within it too."""
    inner = [_names_in(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)


def _is_the_readers(code: type | FunctionType) -> bool:
    """Whether a class or function was written in a notebook or script, rather than installed."""
    file = getattr(sys.modules.get(code.__module__), "__file__", None)
    if file is None:  # a notebook has no file; nor has what is built into Python
        return code.__module__ not in sys.builtin_module_names
    return not any(folder in file for folder in INSTALLED)


def _name_of(code: type | FunctionType) -> str:
    return code.__qualname__ if _is_the_readers(code) else f"{code.__module__}.{code.__qualname__}"


def _bytes_of(tensor: torch.Tensor) -> memoryview:
    return tensor.detach().cpu().to_dense().contiguous().flatten().view(torch.uint8).numpy().data


def _digest(*contents: bytes | memoryview) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return f"sha256:{digest.hexdigest()[:32]}"


@cache
def _package_digest() -> str:
    """Digest of shoprec's source: a loss or a batch may be computed by any of its modules."""
    return _digest(*(file.read_bytes() for file in sorted(PACKAGE.rglob("*.py"))))
