"""The choice of a device, here and on machines that have others."""

import pytest
import torch

from shoprec.training.device import describe_device, pick_device


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
    assert f"{torch.get_num_threads()} threads" in describe_device(torch.device("cpu"))
    assert describe_device(torch.device("mps")).startswith("Apple GPU")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card {device.index}")
    assert describe_device(torch.device("cuda:1")) == "Card 1"
