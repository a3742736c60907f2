"""The page and the files of a measured judge."""

import asyncio
import json

import pytest
from tests.evaluation.acceptance_fixtures import Rule, said
from tests.reward.synthetic import make_items

from tactful.evaluation.judges.baselines import BASELINES, Constant
from tactful.evaluation.judges.leak import measure_leak
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.probes import probe_baselines, probe_judge
from tactful.evaluation.judges.report import (
    JudgeBench,
    bench_tables,
    render_page,
)


def bench(items, name="judge") -> JudgeBench:
    moments = [one.moment for one in items]

    def constant(train, test):
        return Constant(accepts=True).judge_now([one.moment for one in test]), [0.5] * len(test)

    async def probes():
        return [
            *await probe_judge(moments, Rule(lambda moment: 0.6)),
            *await probe_baselines(moments, items),
        ]

    return JudgeBench(
        data="<b>moments</b>.jsonl",
        data_hash="0" * 32,
        bad_rows=1,
        seen=True,
        warnings=("NOT out of session <script>",),
        measured=measure(items, said(items, [0.6] * len(items)), judge=name, resamples=50),
        leak=measure_leak(items, constant, judge=name, resamples=50),
        probes=tuple(asyncio.run(probes())),
        version="0",
    )


@pytest.mark.slow
def test_every_table_has_look_up_and_always_accept_rows_also_in_leak_and_probes():
    found = bench(make_items(4, 4))
    tables = bench_tables(found)
    assert len(tables) == 9
    for table in tables:
        assert set(BASELINES) <= {row.name for row in table.rows if row.baseline}, table.title
    text = "\n".join(found.lines())
    assert text.count("\n  look-up ") >= 9
    assert text.count("\n  always-accept ") >= 9


@pytest.mark.slow
def test_the_page_is_self_contained_and_escapes_what_it_is_given(tmp_path):
    found = bench(make_items(4, 4), name="<img src=x>")
    page = render_page(found)
    assert "<img" not in page
    assert "<script" not in page
    assert page.count("http-equiv") == 1, "the policy of the page alone"
    assert 'src="' not in page
    assert "NOT out of session &lt;script&gt;" in page
    assert page.count("<table>") == 9
    assert page.count('<th scope="row">look-up</th>') == 9
    assert page.count("<svg") == 3
    results, written = found.save(tmp_path / "out")
    assert written.read_text(encoding="utf-8") == page
    assert JudgeBench.model_validate(json.loads(results.read_text(encoding="utf-8"))) == found


def test_a_page_of_one_session_and_one_class_is_written_too():
    items = [one for one in make_items(1, 6) if one.category == "hit"]
    found = JudgeBench(
        data="x",
        data_hash="0",
        bad_rows=0,
        seen=False,
        warnings=(),
        measured=measure(items, said(items, [None] * len(items)), judge="judge"),
        version="0",
    )
    assert "nothing scored" not in render_page(found)
    assert "–" in render_page(found)
