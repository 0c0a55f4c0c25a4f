"""What a run exports is what the run says: logs that read back to the same verdict, rows, columns."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import scansion
from scansion.cli import main
from scansion.errors import InputError
from scansion.experiments.lab import Lab
from scansion.experiments.only import selection_of
from scansion.experiments.selection import Selection
from scansion.interop.exports import export_run
from scansion.interop.inspect_logs import read_inspect


def test_a_log_of_each_variant_gives_the_runs_verdict(ran: Any, lab: Any) -> None:
    written = export_run(lab, "logs.eval")
    assert [(w.path, w.outcomes) for w in written] == [("logs-sum.eval", 48), ("logs-think.eval", 48)]
    again = scansion.compare("logs-sum.eval", "logs-think.eval")
    kept = ("name", "n", "trials", "scored", "unscored", "errors", "mean", "interval", "bounds", "output_tokens")
    for mine, theirs in zip(ran.variants, again.variants, strict=True):
        assert [getattr(mine, name) for name in kept] == [getattr(theirs, name) for name in kept]
        assert mine.unscored_reasons == theirs.unscored_reasons
        assert mine.scores == theirs.scores
    assert again.comparisons[0] == ran.comparisons[0]
    tokens = [
        (o.usage.input_tokens, o.usage.cached_tokens)
        for o in read_inspect("logs-sum.eval").variants[0].outcomes
        if o.usage is not None
    ]
    assert set(tokens) == {(20, 4)}


@pytest.mark.filterwarnings("error")
def test_equal_rows_are_samples_of_their_own(repeated: Any, lab: Any) -> None:
    export_run(lab, "twins.eval")
    first, *_ = read_inspect("twins-sum.eval").variants[0].outcomes
    ids = [o.example.id for o in read_inspect("twins-sum.eval").variants[0].outcomes if o.trial == 0]
    assert ids[:3] == [first.example.id, f"{first.example.id}-2", f"{first.example.id}-3"]
    again = scansion.compare("twins-sum.eval", "twins-think.eval")
    assert again.comparisons == repeated.comparisons
    assert [(v.n, v.trials, v.scored, v.interval) for v in again.variants] == [
        (v.n, v.trials, v.scored, v.interval) for v in repeated.variants
    ]
    with Lab.find() as opened:
        wrong = selection_of(opened, opened.run_table.find(None), "wrong")
        export_run(opened, "wrong.eval", selection=wrong)
    assert [o.example.id for o in read_inspect("wrong-sum.eval").variants[0].outcomes if o.trial == 0][:3] == ids[:3]


def test_a_log_of_chosen_outcomes_lacks_none(ran: Any, lab: Any) -> None:
    export_run(lab, "ids.eval", selection=Selection(id=("q1", "q2")))
    result = scansion.compare("ids-sum.eval", "ids-think.eval")
    assert [(v.n, v.unreached) for v in result.variants] == [(2, 0), (2, 0)]


def test_no_answer_that_counts_as_wrong_is_a_zero_in_the_log(ran: Any) -> None:
    from scansion.experiments.lab import Lab

    again = scansion.run(
        prompts=["sum.txt"], models=[ran.variants[0].model], data="rows.jsonl", scorers=["numeric"], no_answer="wrong"
    )
    with Lab.find() as lab:
        export_run(lab, "strict.eval")
    [variant] = read_inspect("strict.eval").variants
    values = [o.scores["numeric"].value for o in variant.outcomes if not o.error]
    assert sum(v == 0.0 for v in values) == again.variants[0].wrong


def test_rows_are_written_by_the_names_end(ran: Any, lab: Any) -> None:
    export_run(lab, "all.jsonl")
    export_run(lab, "all.csv")
    export_run(lab, "all.tsv.gz")
    export_run(lab, "all.parquet")
    lines = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    assert len(lines) == 96
    with Path("all.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["output"] for r in rows] == [line["output"] or "" for line in lines]
    assert [r["wrong"] for r in rows] == [json.dumps(line["wrong"]) for line in lines]
    assert json.loads(rows[0]["inputs"]) == lines[0]["inputs"]
    with gzip.open("all.tsv.gz", "rt", newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file, delimiter="\t")) == rows
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    assert parquet.read_table("all.parquet").column("output").to_pylist() == [line["output"] for line in lines]


def test_only_what_is_asked_for_is_written(ran: Any, lab: Any) -> None:
    def count(name: str, text: str, variant: str | None = None) -> int:
        selection = selection_of(lab, lab.run_table.find(None), text, variant)
        return sum(w.outcomes for w in export_run(lab, name, selection=selection))

    wrong = ran.variants[0].wrong
    assert count("a.jsonl", "wrong") == count("a.csv", "wrong", "sum") == count("w.eval", "wrong") == wrong
    assert not Path("w-think.eval").exists()
    assert count("e.jsonl", "errors") == 4
    assert count("u.jsonl", "unscored", "think") == 4
    assert count("f.jsonl", "flips") == 2 * ran.comparisons[0].flips[1]
    assert count("i.jsonl", "id=q3") == 4
    assert count("j.jsonl", "id=q3, q4") == 8
    assert count("b.jsonl", "wrong@r1") == count("c.jsonl", "wrong@sums:sum") == wrong
    assert [w.path for w in export_run(lab, "one.eval", selection=Selection(variant="think"))] == ["one.eval"]
    with pytest.raises(InputError, match="two variants"):
        count("f.eval", "flips")
    with pytest.raises(InputError, match="has no such outcome"):
        count("none.eval", "wrong", "think")
    assert not Path("none.eval").exists()


def test_a_condition_on_another_run_is_refused(ran: Any, lab: Any) -> None:
    scansion.run(prompts=["sum.txt"], models=[ran.variants[0].model], data="rows.jsonl", scorers=["numeric"], limit=3)
    with pytest.raises(InputError, match="only: wrong@r1 names r1, and this is about r2; leave out @r1"):
        selection_of(lab, lab.run_table.find("r2"), "wrong@r1")


def test_the_command_says_what_it_wrote_and_what_is_wrong(ran: Any, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("rows.jsonl").read_text()
    assert main(["export", "sums", "-o", "x.eval"]) == 0
    assert capsys.readouterr().out == "48 outcomes written to x-sum.eval\n48 outcomes written to x-think.eval\n"
    assert main(["export", "-o", "x.csv", "--variant", "sum", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"path": "x.csv", "outcomes": 48}]
    for words, said in (
        ([], "name the file"),
        (["-o", "x.xlsx"], ".parquet"),
        (["-o", "rows.jsonl"], "is the data of a run"),
        (["-o", "y.csv", "--only", "best"], "only: 'best' is not understood; write wrong, errors"),
        (["-o", "y.csv", "--only", "id=,"], "only: 'id=,' names nothing"),
        (["-o", "y.csv", "--only", "id=q1,q99"], "no example with the id 'q99'"),
        (["-o", "y.csv", "--only", "wrong@r9"], "no run"),
        (["-o", "y.csv", "--only", "wrong@r1:sum", "--variant", "think"], "names sum, and --variant think"),
        (["-o", "y.csv", "--only", "flips@r1:sum"], "flips are between two variants"),
        (["-o", "y.csv", "--only", "tag=zz"], "tagged 'zz'"),
        (["-o", "y.csv", "--variant", "zz"], "no variant"),
        (["r9", "-o", "y.csv"], "no run"),
        (["-o", "none/x.eval"], "there is no folder none"),
    ):
        assert main(["export", *words]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert Path("rows.jsonl").read_text() == before
    assert not list(Path().glob(".*.part"))
