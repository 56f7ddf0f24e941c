"""The choice of a device, here and on machines that have others, and what is trained and compiled there."""

import copy

import pytest
import torch

from shoprec.training.device import GPU, Scale, compile_modules, describe_device, pick_device, scale_for


@pytest.fixture
def machine(monkeypatch):
    """A function that makes this machine look as if it had those devices."""
    monkeypatch.delenv("SHOPREC_DEVICE", raising=False)

    def pretend(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    pretend()
    return pretend


def test_the_best_device_is_picked(machine):
    assert pick_device() == torch.device("cpu")
    machine(mps=True)
    assert pick_device() == torch.device("mps")
    machine(cuda=2, mps=True)
    assert pick_device() == torch.device("cuda")
    assert pick_device("cuda:1") == torch.device("cuda:1")
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "tpu", "cpu:x", "cuda:x"])
def test_a_device_that_is_not_there_is_an_error(machine, name):
    with pytest.raises(ValueError, match=rf"no device '{name}' here; available: cpu$"):
        pick_device(name)


@pytest.mark.parametrize("name", ["cuda:2", "cuda:x", "cuda:-1", "cuda:", "mps"])
def test_the_error_lists_what_is_there(machine, name):
    machine(cuda=2)
    with pytest.raises(ValueError, match=rf"no device '{name}' here; available: cuda, cpu$"):
        pick_device(name)


def test_the_environment_decides_unless_a_device_is_named(machine, monkeypatch):
    machine(cuda=1)
    monkeypatch.setenv("SHOPREC_DEVICE", "cpu")
    assert pick_device() == torch.device("cpu")
    assert pick_device("cuda") == torch.device("cuda")
    monkeypatch.setenv("SHOPREC_DEVICE", "mps")
    with pytest.raises(ValueError, match="no device 'mps'"):
        pick_device()
    monkeypatch.setenv("SHOPREC_DEVICE", "")
    assert pick_device() == torch.device("cuda")


def test_devices_have_names(monkeypatch):
    assert describe_device(torch.device("cpu")).startswith("CPU ")
    assert f"× {torch.get_num_threads()}" in describe_device(torch.device("cpu"))
    assert describe_device(torch.device("mps")).startswith("Apple GPU")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card {device.index}")
    assert describe_device(torch.device("cuda:1")) == "Card 1"


def test_a_gpu_trains_the_larger_scale():
    small = Scale(d_model=32, max_length=48, n_sampled=512, learning_rate=5e-3)
    assert scale_for(torch.device("cpu"), small) is small
    assert scale_for(torch.device("mps"), small) is small
    large = scale_for(torch.device("cuda:1"), small)
    assert large == GPU
    assert all(x > y for x, y in ((large.d_model, 32), (large.max_length, 48), (large.batch_size, small.batch_size)))
    # An epoch has no fewer steps than with small batches.
    assert large.passes >= large.batch_size / small.batch_size


# --- Compiled modules -----------------------------------------------------------------------------------


def test_nothing_is_compiled_on_the_cpu_unless_asked_for():
    layer = torch.nn.Linear(2, 2)
    assert not compile_modules([layer], torch.device("cpu"))
    assert layer._compiled_call_impl is None
    assert compile_modules([layer], torch.device("cpu"), backend="eager")
    assert layer._compiled_call_impl is not None
    x = torch.randn(3, 2)
    assert torch.equal(layer(x), torch.nn.functional.linear(x, layer.weight, layer.bias))


def test_a_compiled_module_can_be_copied_and_saved():
    # As the training loop does with the averaged weights.
    layer = torch.nn.Linear(2, 2)
    names = list(layer.state_dict())
    compile_modules([layer], torch.device("cpu"), backend="eager")
    other = copy.deepcopy(layer)
    assert list(layer.state_dict()) == list(other.state_dict()) == names
    with torch.no_grad():
        other.weight.zero_()
    x = torch.ones(1, 2)
    assert torch.equal(other(x)[0], other.bias)
    assert not torch.equal(layer(x), other(x))


def test_without_a_compiler_the_modules_stay_as_they_are():
    layer = torch.nn.Linear(2, 2)
    with pytest.warns(UserWarning, match="no-such-compiler can't compile here .*; all works without, only slower"):
        assert not compile_modules([layer], torch.device("cpu"), backend="no-such-compiler")
    assert layer._compiled_call_impl is None
