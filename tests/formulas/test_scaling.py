"""Laws of scale against what is known exactly: planted laws, SciPy's own fit, and the bytes that PyTorch holds."""

import numpy as np
import pytest
import torch
from networks import make_task
from scipy.optimize import curve_fit

from shoprec.formulas.scaling import Law, energy, exponent, fit_law, memory_per_process
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig

SIZES, AMOUNTS = [8e4, 3e5, 1e6, 5e6], [100, 200, 400, 800, 1600]
N, D = (x.ravel() for x in np.meshgrid(SIZES, AMOUNTS))


@pytest.mark.parametrize("law", [Law(2, 30, 0.3, 5, 0.5), Law(0, 9, 0.1, 2, 1.2), Law(7, 500, 0.7, 0.5, 0.1)])
def test_a_planted_law_is_found(law):
    found = fit_law(N, D, law(N, D))
    np.testing.assert_allclose(found(N, D), law(N, D), rtol=1e-6)
    np.testing.assert_allclose([found.alpha, found.beta], [law.alpha, law.beta], rtol=1e-2)
    np.testing.assert_allclose(found.floor, law.floor, atol=0.05)


def test_a_noisy_law_is_fitted_as_well_as_by_scipy():
    law = Law(8, 60, 0.4, 3, 0.4)
    loss = law(N, D) + np.random.default_rng(0).normal(0, 0.01, len(N))
    mine = fit_law(N, D, loss)

    def general(x, floor, a, alpha, b, beta):
        return floor + a * (x[0] / 8e4) ** -alpha + b * (x[1] / 100) ** -beta

    other, _ = curve_fit(general, (N, D), loss, p0=[8, 0.5, 0.4, 0.5, 0.4], maxfev=20_000)
    theirs = general((N, D), *other)
    assert np.sum((mine(N, D) - loss) ** 2) <= np.sum((theirs - loss) ** 2) * 1.001


@pytest.mark.parametrize(
    ("n", "d"), [(N[:4], D[:4]), (N, np.ones_like(D)), (np.ones_like(N), D), (-N, D), (N, D[:-1]), (N, D * np.nan)]
)
def test_a_law_that_cannot_be_fitted_is_refused(n, d):
    with pytest.raises(ValueError, match=r"law|shapes|NaN"):
        fit_law(n, d, np.ones(len(n)))


def test_an_exponent_is_the_slope_of_the_logarithms():
    size = np.array([1.0, 3, 9, 100])
    assert exponent(size, 7 * size**1.5) == pytest.approx(1.5)
    assert exponent(size, np.full(4, 2.0)) == pytest.approx(0)
    for wrong in ([1, 2, 3], [0, 1, 1, 1], [np.inf, 1, 1, 1]):
        with pytest.raises(ValueError, match=r"positive|infinity"):
            exponent(size, wrong)
    with pytest.raises(ValueError, match="two different"):
        exponent([2, 2], [1, 2])


def test_the_bytes_of_training_are_those_that_pytorch_holds():
    network = PurchaseTransformer(make_task().history, TransformerConfig(16, behaviour=False))
    optimizer = torch.optim.AdamW(network.parameters())
    sum(parameter.square().sum() for parameter in network.parameters()).backward()
    optimizer.step()
    held = [t for p in network.parameters() for t in (p, p.grad)]
    held += [t for state in optimizer.state.values() for name, t in state.items() if name != "step"]
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    assert memory_per_process(n_parameters, 1, sharded=False) == sum(t.numel() * t.element_size() for t in held)
    assert memory_per_process(n_parameters, 1, sharded=True) == memory_per_process(n_parameters, 7, sharded=False)


def test_shards_hold_all_and_little_more():
    for n_processes in (1, 2, 3, 64):
        each = memory_per_process(1000, n_processes, sharded=True, unit=100) - 400
        assert 16 * 1000 <= each * n_processes < 16 * (1000 + n_processes)
    for wrong in ({"parameters": 0}, {"n_processes": 0}, {"unit": -1}, {"unit": 2000}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            memory_per_process(**{"parameters": 1000, "n_processes": 2, "sharded": True} | wrong)


def test_energy_is_power_times_time():
    assert energy(3600, 1000, overhead=1) == 1.0
    assert energy(7200, 500, overhead=1.2) == pytest.approx(1.2)
    for wrong in ({"seconds": -1}, {"watts": -1}, {"overhead": 0.9}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            energy(**{"seconds": 1.0, "watts": 1.0} | wrong)
