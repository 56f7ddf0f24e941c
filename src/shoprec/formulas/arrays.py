"""Types of the arrays that formulas read and return, and the range of the numbers in them.

Formulas compute in 64 bits, or where a table is too large for that, on rows that are first scaled by a power of two,
which rounds nothing. Results go back in the type of the input; what that type cannot hold is refused, with its range.
"""

import operator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.integer]  #: numbers of households, products or baskets, from 0
Mask = npt.NDArray[np.bool_]
Sparse = sparse.sparray | sparse.spmatrix
Matrix = npt.ArrayLike | Sparse  #: what a caller may pass where rows are vectors
Rows = Floats | sparse.csr_array  #: what it becomes inside
AnyRows = TypeVar("AnyRows", npt.NDArray[Any], sparse.csr_array, Rows)

EXACT = 2**53  #: up to here, each whole number is a float64
MILLION = 2**20  #: numbers that are worked on at a time where several tables of them are needed


def floats(x: npt.ArrayLike, name: str) -> Floats:
    """Numbers as floats: floats in the precision in which they come, all others in 64 bits.

    Raises
    ------
    ValueError
        If ``x`` holds something other than numbers, or integers between which a float64 could not tell.

    Examples
    --------
    >>> floats([True, False], "x"), floats(np.float16([0.5]), "x")
    (array([1., 0.]), array([0.5], dtype=float16))
    """
    values = np.asarray(x)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} has type {values.dtype}; pass booleans, integers or floats")
    if values.dtype.kind == "f":
        return values
    if values.dtype.itemsize == 8 and values.size and max(int(values.max()), -int(values.min())) > EXACT:
        raise ValueError(
            f"{name} holds integers out of the range ±2**53, in which floats are exact; subtract a common number first"
        )
    return values.astype(float)


def finite(x: npt.ArrayLike, name: str, remedy: str) -> Floats:
    """Numbers as :func:`floats`, after making sure that there is neither NaN nor infinity among them."""
    values = floats(x, name)
    # NaN survives both, and neither needs a table of booleans as large as the numbers.
    if values.size and not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise ValueError(f"NaN or infinity in {name}; {remedy}")
    return values


def wide(x: AnyRows, least: npt.DTypeLike = np.float64) -> AnyRows:
    """The same numbers in a type that is at least as wide as ``least``; no copy if they are already."""
    return x.astype(np.result_type(x.dtype, least), copy=False)


def unchecked() -> np.errstate:
    """Let numbers overflow without a warning, for :func:`fitted` to refuse with a message that names the range."""
    return np.errstate(over="ignore", invalid="ignore")


def fitted(result: npt.ArrayLike, dtype: npt.DTypeLike, what: str) -> Floats:
    """The result in the type in which it goes back.

    Raises
    ------
    ValueError
        If a number is out of that type's range.

    Examples
    --------
    >>> fitted([1e4, 1e5], np.float16, "the sum")
    Traceback (most recent call last):
    ValueError: the sum leaves the range of float16, ±6.55e+04; pass smaller numbers or a wider type
    """
    with unchecked():
        back = np.asarray(result).astype(dtype, copy=False)
    if not np.isfinite(back).all():
        kind = np.dtype(dtype)
        raise ValueError(
            f"{what} leaves the range of {kind}, ±{np.finfo(kind).max:.3g}; pass smaller numbers or a wider type"
        )
    return back


def blocks(n_rows: int, block: int) -> list[slice]:
    """Slices of ``block`` rows that together cover all; one empty slice if there are none."""
    return [slice(start, start + block) for start in range(0, max(n_rows, 1), whole(block, "block"))]


def exponents(x: Rows) -> npt.NDArray[np.int32]:
    """Exponent of each row's largest number: scaled by ``2 ** -exponent`` it has a size of 1/2 to 1; shape (..., 1).

    Examples
    --------
    >>> exponents(np.array([[3.0, -4.0], [0.0, 0.4]]))
    array([[ 3],
           [-1]], dtype=int32)
    """
    if isinstance(x, sparse.csr_array):
        return np.frexp(abs(x).max(axis=1).toarray())[1][:, None]
    size = np.maximum(x.max(axis=-1, initial=0, keepdims=True), -x.min(axis=-1, initial=0, keepdims=True))
    return np.frexp(size)[1]


def scaled(x: AnyRows, exponent: npt.NDArray[np.int32]) -> AnyRows:
    """A copy of the rows, each times two to the power of its exponent: exact, unless numbers vanish beside others."""
    if not isinstance(x, sparse.csr_array):
        return np.ldexp(x, exponent)
    result = x.copy()
    result.data = np.ldexp(x.data, np.repeat(exponent[:, 0], np.diff(x.indptr)))
    return result


def centred(x: Floats) -> Floats:
    """Rows less their mean. A constant row becomes exactly 0, whatever its mean is rounded to.

    Examples
    --------
    >>> centred(np.array([[1.0, 2.0, 6.0], [0.1, 0.1, 0.1]]))
    array([[-2., -1.,  3.],
           [ 0.,  0.,  0.]])
    """
    deviations = x - x.min(axis=-1, keepdims=True)
    deviations -= deviations.mean(axis=-1, keepdims=True)
    return deviations


def norms(x: Rows) -> Floats:
    """Euclidean length of each row whose numbers can be squared, shape (...,)."""
    return np.asarray(sparse.linalg.norm(x, axis=1) if isinstance(x, sparse.csr_array) else np.linalg.norm(x, axis=-1))


def lengths(x: Rows) -> Floats:
    """Euclidean length of each row, also where squares would overflow or vanish; shape (...,).

    Examples
    --------
    >>> lengths(np.array([[3e200, 4e200], [3e-200, 4e-200]]))
    array([5.e+200, 5.e-200])
    """
    exponent = exponents(x)
    return np.ldexp(norms(scaled(x, -exponent)), exponent[..., 0])


def descending(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What sorts ascending as ``x`` does descending. Integers and booleans are negated bit by bit, which can't wrap.

    Examples
    --------
    >>> np.argsort(descending(np.uint8([0, 200, 7])))
    array([1, 2, 0])
    """
    return -x if x.dtype.kind == "f" else ~x


def whole(n: int, name: str, least: int = 1) -> int:
    """A whole number, and not below ``least``.

    Examples
    --------
    >>> whole(0, "k")
    Traceback (most recent call last):
    ValueError: k is 0; pass a whole number, at least 1
    """
    try:
        number = least - 1 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{name} is {n}; pass a whole number, at least {least}")
    return number
