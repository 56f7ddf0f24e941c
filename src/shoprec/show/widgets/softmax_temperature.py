"""Softmax weights that sharpen and flatten while the reader moves temperature, dimension and scaling."""

import json
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

COLDEST, HOTTEST = 0.1, 10.0  #: temperatures at the ends of the slider, which moves in their logarithm


def softmax_temperature(
    names: Sequence[tuple[str, str]],
    scores: Mapping[int, npt.ArrayLike],
    *,
    d: int | None = None,
    temperature: float = 1.0,
    scaled: bool = True,
) -> HTML:
    r"""Show what the softmax makes of one query's scores.

    The weights are :math:`\mathbf{w} = \mathrm{softmax}(\mathbf{s} / T)`, where :math:`\mathbf{s}` are the inner
    products of the query with the keys, divided by :math:`\sqrt{d}` if the switch is on. Below the weights stand
    their entropy, the largest of them, and the Frobenius norm of the softmax's Jacobian
    :math:`\mathrm{diag}(\mathbf{w}) - \mathbf{w} \mathbf{w}^\top`.

    Without scripts the output is a complete table at the given settings.

    Parameters
    ----------
    names
        The keys' names, as ``(Chinese, English)``. Six to eight fit well.
    scores
        Inner products of the query with each key, before any scaling, by the dimension of the vectors.
    d
        Dimension at the start, one of ``scores``; by default the largest.
    temperature
        :math:`T` at the start, from 0.1 to 10.
    scaled
        Whether to divide by :math:`\sqrt{d}` at the start.

    Returns
    -------
    IPython.display.HTML
        The element ``<softmax-temperature>`` with its styles and its script.

    Raises
    ------
    ValueError
        If there are fewer than two keys, the scores are not one finite number per key, or an argument is out
        of range.

    Examples
    --------
    >>> names = [("面包", "Bread"), ("牛奶", "Milk")]
    >>> output = softmax_temperature(names, {4: [2.0, 0.0]}, temperature=1.0)
    >>> '<td class="weight">0.731</td>' in output.data
    True
    """
    dims = sorted(scores)
    table = _checked(names, scores, dims)
    d = dims[-1] if d is None else d
    if d not in dims:
        raise ValueError(f"d is {d}; choose one of {dims}")
    if not COLDEST <= temperature <= HOTTEST:
        raise ValueError(f"temperature must lie between {COLDEST} and {HOTTEST}, not {temperature}")
    start = dims.index(d)
    s = table[start] / np.sqrt(d) if scaled else table[start]
    w = np.exp((s - s.max()) / temperature)
    w /= w.sum()
    rows = "".join(_row(*row) for row in zip(names, table.T, table[start], w, strict=True))
    body = f"""\
<p class="controls"><label><span>{both("温度", "Temperature")} <i>T</i></span>
<input type="range" class="temperature" min="-1" max="1" step="0.02" value="{np.log10(temperature):.2f}" \
autocomplete="off"> <output class="temperature-value" aria-live="off">{temperature:.2f}</output></label>
<label><span>{both("维数", "Dimension")} <i>d</i></span>
<input type="range" class="dimension" min="0" max="{len(dims) - 1}" step="1" value="{start}" \
autocomplete="off"> <output class="dimension-value" aria-live="off">{d}</output></label>
<label><input type="checkbox" class="scaled" autocomplete="off"{" checked" * scaled}> \
<span>{both("除以", "Divide by")} √<i>d</i></span></label></p>
<table class="weights">
<thead><tr><th scope="col">{both("商品（键）", "Product (key)")}</th>
<th scope="col">{both("内积", "Inner product")}</th>
<th scope="col" colspan="2">{both("权重", "Weight")}</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
<p class="summary" role="status">{_summary(w)}</p>
"""
    return custom_element("softmax-temperature", body, dims=json.dumps(dims))


def _checked(
    names: Sequence[tuple[str, str]], scores: Mapping[int, npt.ArrayLike], dims: list[int]
) -> npt.NDArray[np.float64]:
    """Return the scores, dimensions by keys, or say what is wrong with them."""
    if len(names) < 2 or not dims:
        raise ValueError("pass at least two keys, and their scores for at least one dimension")
    for name in names:
        if isinstance(name, str) or len(name) != 2 or not all(isinstance(text, str) for text in name):
            raise ValueError(f"a name is a pair (Chinese, English), not {name!r}")
    for d in dims:
        if d < 1 or np.shape(scores[d]) != (len(names),) or not np.isfinite(scores[d]).all():
            raise ValueError(f"the scores at dimension {d} must be {len(names)} finite numbers, one per key")
    return np.array([scores[d] for d in dims], dtype=float)


def _row(name: tuple[str, str], products: npt.NDArray[np.float64], product: float, weight: float) -> str:
    """Return one key; its inner products at all dimensions are in the attribute."""
    data = json.dumps([round(float(x), 6) for x in products])
    return (
        f'<tr data-products="{data}"><th scope="row">{both(*map(escape, name))}</th>'
        f'<td class="product">{product:.2f}</td><td class="weight">{weight:.3f}</td>'
        f'<td class="bar"><i style="width: {weight:.1%}"></i></td></tr>\n'
    )


def _summary(w: npt.NDArray[np.float64]) -> str:
    entropy = -(w * np.log(np.maximum(w, 1e-300))).sum()
    norm = np.linalg.norm(np.diag(w) - np.outer(w, w))
    parts = [
        ("熵", "Entropy", "entropy", f"{abs(entropy):.2f}"),
        ("最大权重", "Largest weight", "largest", f"{w.max():.3f}"),
        ("雅可比矩阵的范数", "Norm of the Jacobian", "norm", f"{norm:.3f}"),
    ]
    return " ".join(f'<span>{both(zh, en)} <b class="{key}">{value}</b></span>' for zh, en, key, value in parts)
