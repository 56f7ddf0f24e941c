"""A network as ONNX: the same scores for windows of any length, and only for networks that it can hold."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from networks import CONFIG, make_network, make_task

from shoprec.models.cached import Session, purchases_of
from shoprec.models.export import Runtime, export

PLAIN = replace(CONFIG, behaviour=False)


@pytest.mark.parametrize("pointing", [True, False])
def test_the_file_scores_as_the_network(tmp_path, pointing):
    history = make_task().history
    network = make_network(history, replace(PLAIN, pointing=pointing))
    file = export(network, tmp_path / "network.onnx")
    onnx.checker.check_model(str(file))
    runtime = Runtime(file)
    for household, most in [(0, 24), (1, 1), (2, 7), (5, 24), (9, 2)]:
        known = purchases_of(history, household, most)
        session = Session(network)
        session.read(known)
        day = known.days[-1] + 3.25
        np.testing.assert_allclose(runtime.scores(known, day), session.scores(day), atol=2e-5)


def test_a_network_with_behaviour_is_refused(tmp_path):
    with pytest.raises(ValueError, match="behaviour=False"):
        export(make_network(make_task().history), tmp_path / "network.onnx")
