"""Who selects: what lies in a folder is what judges, also after another model has been saved there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gym.made import day
from tests.reward.synthetic import make_items

from tactful.api.gym.judges import TrainedOne, selecting_judge
from tactful.gym.trainset.types import Point
from tactful.reward.embedded.model import save_model
from tactful.reward.embedded.training import train
from tactful.reward.types import identity_of
from tactful.runs import Context


@pytest.mark.slow
async def test_a_model_that_is_trained_anew_into_its_folder_is_the_one_that_judges(tmp_path: Path) -> None:
    folder, point = tmp_path / "model", Point(id="a#0", episode=day("a"))
    said = []
    for seed in (0, 1):
        model = train(make_items(4, 6, seed=seed))
        save_model(model, folder, card="a card", replace=True)
        judge = selecting_judge(f"reward:{folder}")
        assert isinstance(judge, TrainedOne)
        assert judge.identity == identity_of(model)
        verdict = await judge.judge(point, "Shall I sort the notes?", Context(point.id, 0, "r"))
        [alone] = model.judge_now([point.moment.model_copy(update={"proposal": "Shall I sort the notes?"})])
        assert verdict.p_accept == alone.p_accept
        said.append(verdict.p_accept)
    assert said[0] != said[1]
