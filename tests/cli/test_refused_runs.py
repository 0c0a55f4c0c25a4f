"""What was refused leaves nothing behind: no run that later commands would take as the last."""

from __future__ import annotations

import json


def _runs(scansion):
    return [each["run"] for each in scansion("runs", "--json").json]


def test_a_refused_scoring_leaves_no_run(scansion):
    assert scansion("run", "experiment.yaml").code == 0
    done = scansion("score", "r1", "-s", "harmless($nix)")
    assert done.code == 2
    assert "nix" in done.err
    assert _runs(scansion) == ["r1"]
    assert scansion("score", "-s", "exact").code == 0
    assert _runs(scansion) == ["r2", "r1"]


def test_a_scoring_refused_on_its_way_is_taken_back(scansion, project):
    assert scansion("run", "experiment.yaml").code == 0
    (project / "strict.py").write_text(
        "from scansion.errors import InputError\n"
        "def strict(output, example):\n"
        "    if example.id == 'q5':\n"
        "        raise InputError('strict: q5 cannot be read')\n"
        "    return True\n"
    )
    assert scansion("score", "-s", "python:strict:strict").code == 2
    assert scansion("run", "experiment.yaml", "-s", "python:strict:strict").code == 2
    assert _runs(scansion) == ["r1"]


def test_a_run_refused_for_a_row_uses_no_number(scansion, project):
    rows = [json.loads(line) for line in (project / "rows.jsonl").read_text().splitlines()]
    for row in rows:
        row |= {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    rows[7]["instruction_id_list"] = ["punctuation:no_such"]
    (project / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for more in ((), ("--gold-check", "off")):
        done = scansion("run", "experiment.yaml", "-s", "ifeval", *more)
        assert done.code == 2
        assert ("row 8" if more else "rows.jsonl: line 8 (ifeval: ") in done.err
        assert _runs(scansion) == []
    assert scansion("run", "experiment.yaml").code == 0
    assert _runs(scansion) == ["r1"]
