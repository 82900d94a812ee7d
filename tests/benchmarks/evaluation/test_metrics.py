from __future__ import annotations

import json

import pytest

from benchmarks.evaluation.metrics import run


@pytest.mark.slow
def test_libraries_agree_and_the_result_is_one_line_of_json() -> None:
    pytest.importorskip("rectools")
    pytest.importorskip("ranx")
    result = run(users=300, items=200, events=2000, repeats=1)
    line = json.loads(result.line())
    assert line["bench"] == "evaluation"
    assert line["target"] == 5
    assert set(line["seconds"]) == {"padan", "rectools", "ranx"}
