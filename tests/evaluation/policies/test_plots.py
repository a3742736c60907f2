"""Drawings: well-formed, the same every time, and able to share a page."""

import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest
from tests.evaluation.worlds import evaluation

from tactful.evaluation.policies.plots import pareto_svg, reward_svg
from tactful.stats import Estimate

ID = re.compile(r'\bid="([^"]+)"')


@pytest.mark.parametrize("draw", [pareto_svg, reward_svg])
def test_a_drawing_is_an_svg_that_names_every_policy(draw):
    found = evaluation()
    text = draw(found, "0")
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    for item in found.policies:
        assert f">{item.name}<" in text
    assert "<metadata" not in text
    assert "<script" not in text


@pytest.mark.slow
@pytest.mark.parametrize("draw", [pareto_svg, reward_svg])
def test_equal_evaluations_give_equal_bytes_and_leave_the_settings_of_others_alone(draw):
    before = dict(matplotlib.rcParams)
    assert draw(evaluation(), "0") == draw(evaluation(), "0")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow
def test_ids_of_several_drawings_differ_and_all_references_hit():
    drawings = [draw(evaluation(), place) for draw in (pareto_svg, reward_svg) for place in "01"]
    ids = [name for text in drawings for name in ID.findall(text)]
    assert len(ids) == len(set(ids)) > 10
    for text in drawings:
        own = set(ID.findall(text))
        for reference in re.findall(r'(?:url\(#|href="#)([^)"]+)', text):
            assert reference in own


def test_names_are_text_and_never_formulas_or_markup():
    found = evaluation()
    strange = found.policies[0].model_copy(update={"name": "$x^2$<b>&.json"})
    point = next(p for p in found.pareto if p.name == found.policies[0].name)
    found = found.model_copy(
        update={"policies": (strange,), "pareto": (point.model_copy(update={"name": strange.name}),)}
    )
    for draw in (pareto_svg, reward_svg):
        assert "$x^2$&lt;b&gt;&amp;.json" in draw(found, "0")


@pytest.mark.slow
def test_nothing_scored_is_an_empty_drawing():
    nothing = Estimate(value=None, low=None, high=None, items=0, groups=0, unscored=3)
    found = evaluation()
    unscored = tuple(
        item.model_copy(update={"measures": dict.fromkeys(item.measures, nothing)}) for item in found.policies
    )
    found = found.model_copy(update={"policies": unscored, "pareto": ()})
    assert pareto_svg(found, "0").startswith("<svg")
    assert reward_svg(found, "0").startswith("<svg")


@pytest.mark.slow
def test_names_of_points_in_one_place_stand_above_each_other():
    found = evaluation()
    first = found.pareto[0]
    alike = {"interruption_cost": first.interruption_cost, "task_score": first.task_score}
    together = found.model_copy(update={"pareto": tuple(p.model_copy(update=alike) for p in found.pareto)})
    names = [p.name for p in found.pareto if p.kind == "policy" and p.name.startswith("always-")]
    drawn = pareto_svg(together, "0")
    heights = {re.search(rf'y="([\d.]+)"[^>]*>{name}<', drawn) for name in names}
    assert None not in heights
    assert len({found[1] for found in heights if found}) == len(names) > 1
