"""Wrong inputs: each ends with exit code 2 and one line on standard error that says what, where and what to do."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

RUN = ("run", "experiment.yaml")
FLAGS = ("run", "-p", "direct.txt", "-m", "replay:demo.jsonl", "-d", "rows.jsonl", "-s", "numeric")
BASE = "prompts: [direct.txt, steps.txt]\nmodels: ['replay:demo.jsonl']\ndata: rows.jsonl\nscorers: [numeric]\n"
NUMERIC = "prompts: [direct.txt, steps.txt]\nmodels: ['replay:demo.jsonl']\ndata: rows.jsonl\nscorers: ["


def plan(text: str) -> dict[str, str]:
    return {"experiment.yaml": text}


# what it is about: files to write, words to type, what the line must say
TABLE: dict[str, tuple[dict[str, Any], tuple[str, ...], list[str]]] = {
    # the command line
    "unknown command": ({}, ("rnu",), ["'rnu'", "did you mean 'run'"]),
    "option before the command": ({}, ("--josn", "run"), ["--josn", "before the command"]),
    "unknown option": ({}, (*FLAGS, "--trails", "3"), ["--trails", "did you mean '--trials'"]),
    "one word too many": ({}, (*RUN, "more.yaml"), ["more.yaml"]),
    "option without a value": ({}, (*RUN, "--budget"), ["--budget", "value"]),
    "trials 0": ({}, (*RUN, "--trials", "0"), ["--trials", "1 or more"]),
    "trials that are no number": ({}, (*RUN, "--trials", "many"), ["--trials", "'many'", "whole number"]),
    "negative margin": ({}, (*RUN, "--margin", "-0.1"), ["--margin"]),
    "margin that is no number": ({}, (*RUN, "--margin", "small"), ["--margin", "'small'"]),
    "margin in points": ({}, (*RUN, "--margin", "5"), ["margin: 5", "0.05 is 5 points"]),
    "least mean in percent": ({}, (*RUN, "--fail-under", "80"), ["fail-under 80", "0.8 is 80%"]),
    "margin in points of a table": (
        {"marks.csv": "a,b\n1,0\n0,1\n"},
        ("compare", "marks.csv", "--a", "a", "--b", "b", "--margin", "5"),
        ["margin: 5", "0.05 is 5 points"],
    ),
    "input of no variable": ({}, (*FLAGS, "--input", "qestion=question"), ["'qestion'", "did you mean 'question'"]),
    "technique beside variants": (
        plan("variants: [{prompt: direct.txt, model: 'replay:demo.jsonl'}]\ndata: rows.jsonl\nscorers: [numeric]\n"),
        (*RUN, "-t", "cot"),
        ["techniques", "variants"],
    ),
    "alpha of 1": ({}, (*RUN, "--alpha", "1"), ["alpha"]),
    "negative limit": ({}, (*RUN, "--limit", "-3"), ["--limit"]),
    "concurrency 0": ({}, (*RUN, "--concurrency", "0"), ["--concurrency"]),
    "timeout that is not finite": ({}, (*RUN, "--timeout", "inf"), ["--timeout", "finite"]),
    "negative budget on the command line": ({}, (*RUN, "--budget", "-5usd"), ["budget '-5usd' is negative"]),
    "negative budget in dollars": ({}, (*RUN, "--budget", "-$5"), ["'-$5' is negative"]),
    "unknown part of the split": ({}, (*RUN, "--split", "tset"), ["--split", "did you mean 'test'"]),
    "input without a column": ({}, (*FLAGS, "--input", "question"), ["--input", "NAME=VALUE"]),
    "gate that is no number": ({}, (*RUN, "--fail-under", "high"), ["fail-under", "'high'"]),
    "gate on an unknown variant": ({}, (*RUN, "--fail-under", "stesp=0.5"), ["stesp", "steps"]),
    "unknown requirement": ({}, (*RUN, "--require", "not-worst"), ["--require", "not-worse"]),
    "report into a missing folder": ({}, (*RUN, "-o", "no/such/r.html"), ["no/such/r.html", "folder"]),
    "report onto a folder": ({}, (*RUN, "--junit", "."), ["folder"]),
    "report onto the experiment": ({}, ("run", "--markdown", "experiment.yaml"), ["experiment.yaml", "--markdown"]),
    "report onto the data": ({}, (*RUN, "-o", "rows.jsonl"), ["rows.jsonl", "written over"]),
    "report onto the prompt": ({}, (*RUN, "-o", "direct.txt"), ["direct.txt", "written over"]),
    "summary onto the prompt": ({}, (*RUN, "--markdown", "direct.txt"), ["direct.txt", "written over"]),
    "summary onto notes": ({"notes.md": "# Mine\n"}, (*RUN, "--markdown", "notes.md"), ["notes.md", "written over"]),
    "card onto its prompt": ({}, ("card", "direct.txt", "-o", "direct.txt"), ["direct.txt", "written over"]),
    "nothing to run": ({}, ("run",), ["experiment.yaml", "-p"]),
    "no data": ({}, ("run", "-p", "direct.txt", "-m", "replay:demo.jsonl"), ["data", "-d"]),
    "a prompt in the experiment's place": ({}, ("run", "direct.txt", *FLAGS[3:]), ["-p direct.txt"]),
    "prompts without -p": ({}, ("run", "direct.txt", "steps.txt", *FLAGS[3:]), ["-p direct.txt -p steps.txt"]),
    "data without -d": (
        {},
        ("compare", "direct.txt", "steps.txt", "rows.jsonl", "-s", "numeric"),
        ["rows.jsonl is data", "-d rows.jsonl"],
    ),
    "data in a prompt's place": ({}, ("try", "direct.txt", "rows.jsonl"), ["rows.jsonl", "data", "-d"]),
    "two prompts and no scorer": (
        {},
        ("compare", "direct.txt", "steps.txt", *FLAGS[3:-2]),
        ["which output is right", "-s numeric"],
    ),
    "two prompts, short texts and no scorer": (
        {"rows.jsonl": '{"question": "Who?", "answer": "Ann"}\n'},
        ("compare", "direct.txt", "steps.txt", *FLAGS[3:-2]),
        ["which output is right", "-s exact"],
    ),
    "two prompts, no targets and no scorer": (
        {"rows.jsonl": '{"question": "Who?"}\n'},
        ("compare", "direct.txt", "steps.txt", *FLAGS[3:-2]),
        ["which output is right", "--target"],
    ),
    # the experiment file
    "missing experiment": ({}, ("run", "experimnt.yaml"), ["experimnt.yaml", "no such file"]),
    "broken YAML": (plan("prompts: [direct.txt\nmodels: x\ndata: y\n"), RUN, ["experiment.yaml:2", "YAML"]),
    "YAML that is a list": (plan("- direct.txt\n"), RUN, ["experiment.yaml:1", "mapping"]),
    "empty YAML": (plan(""), RUN, ["experiment.yaml", "mapping"]),
    "YAML in another encoding": ({"experiment.yaml": "name: é\n".encode("latin-1")}, RUN, ["experiment.yaml", "UTF-8"]),
    "unknown key": (
        plan(BASE + "scorrers: [f1]\n"),
        RUN,
        ["experiment.yaml:5", "'scorrers'", "did you mean 'scorers'"],
    ),
    "wrong type": (plan(BASE + "trials: three\n"), RUN, ["experiment.yaml:5", "trials"]),
    "trials 0 in the file": (plan(BASE + "trials: 0\n"), RUN, ["experiment.yaml:5", "trials"]),
    "negative budget": (plan(BASE + "budget: -2usd\n"), RUN, ["experiment.yaml:5", "budget"]),
    "budget without a unit": (plan(BASE + "budget: 20\n"), RUN, ["experiment.yaml:5", "budget"]),
    "split above 1": (plan(BASE + "split: {dev: 0.8, test: 0.5}\n"), RUN, ["experiment.yaml:5", "split"]),
    "unknown choice": (plan(BASE + "no_answer: right\n"), RUN, ["experiment.yaml:5", "no_answer"]),
    "unknown baseline": (plan(BASE + "baseline: stepz\n"), RUN, ["stepz", "steps"]),
    "ambiguous baseline": (
        plan(BASE + "techniques: ['vote(1)', 'vote(3)']\nbaseline: direct\n"),
        RUN,
        ["direct", "vote(1)", "vote(3)", "add -t as-is, or name one with --baseline"],
    ),
    # prompts
    "missing prompt": ({}, ("run", "-p", "dirct.txt", *FLAGS[3:]), ["dirct.txt"]),
    "revision that does not exist": ({}, ("run", "-p", "v99:direct.txt", *FLAGS[3:]), ["v99"]),
    "missing variable": ({"direct.txt": "{{querry}}"}, FLAGS, ["direct.txt", "rows.jsonl", "querry", "question"]),
    "template that does not parse": ({"direct.txt": "one\n{{question"}, FLAGS, ["direct.txt"]),
    "broken front matter": ({"direct.txt": "---\nname: [x\n---\nuser:\nhi"}, FLAGS, ["direct.txt"]),
    "input column that is not there": ({}, (*FLAGS, "--input", "question=qeustion"), ["qeustion"]),
    # techniques
    "a technique twice": ({}, (*FLAGS, "-t", "cot", "-t", "cot"), ["techniques: 'cot' is named twice"]),
    "unknown technique": ({}, (*FLAGS, "-t", "vot(5)"), ["'vot'", "did you mean 'vote'"]),
    "technique that does not parse": ({}, (*FLAGS, "-t", "vote(5"), ["vote(5", "column"]),
    "cot after vote": ({}, (*FLAGS, "-t", "vote(5) | cot"), ["cot", "vote"]),
    "cot with a wrong type": ({}, (*FLAGS, "-t", "cot(cue=3)"), ["cot", "cue"]),
    "vote of none": ({}, (*FLAGS, "-t", "vote(0)"), ["vote"]),
    "vote of a word": ({}, (*FLAGS, "-t", "vote(many)"), ["vote", "many"]),
    "unknown technique argument": ({}, (*FLAGS, "-t", "vote(5, mni=3)"), ["mni", "min"]),
    # scorers
    "unknown scorer": ({}, (*FLAGS[:-1], "numerics"), ["'numerics'", "did you mean 'numeric'"]),
    "unknown scorer argument": ({}, (*FLAGS[:-1], "numeric(tolerence=1)"), ["tolerence", "tolerance"]),
    "scorer argument of a wrong type": ({}, (*FLAGS[:-1], "max_words(few)"), ["max_words", "few"]),
    "bad regular expression": ({}, (*FLAGS[:-1], 'regex("(")'), ["regex"]),
    "bad schema": ({"s.json": '{"type": 3}'}, (*FLAGS[:-1], "json(schema=s.json)"), ["s.json"]),
    "missing schema": ({}, (*FLAGS[:-1], "json(schema=none.json)"), ["none.json"]),
    "scorer function that is not there": ({}, (*FLAGS[:-1], "python:nowhere:score"), ["nowhere"]),
    "scorer column that is not there": ({}, (*FLAGS[:-1], "contains($must)"), ["must"]),
    "targets that the scorer refuses": (
        {"rows.jsonl": '{"id": "a", "question": "x", "answer": "many"}\n'},
        FLAGS,
        ["rows.jsonl", "line 1"],
    ),
    # data
    "missing data": ({}, (*FLAGS, "-d", "rowz.jsonl"), ["rowz.jsonl"]),
    "empty data": ({"rows.jsonl": ""}, FLAGS, ["rows.jsonl"]),
    "broken JSON line": (
        {"rows.jsonl": '{"question": "x", "answer": 1}\n{"question": \n'},
        FLAGS,
        ["rows.jsonl:2"],
    ),
    "line that is no object": ({"rows.jsonl": '{"question": "x", "answer": 1}\n[1, 2]\n'}, FLAGS, ["rows.jsonl:2"]),
    "duplicate ids": (
        {"rows.jsonl": '{"id": "a", "question": "x", "answer": 1}\n{"id": "a", "question": "y", "answer": 2}\n'},
        FLAGS,
        ["rows.jsonl", "2", "a"],
    ),
    "bad CSV row": ({"rows.csv": "question,answer\nx,1\ny,2,3\n"}, (*FLAGS, "-d", "rows.csv"), ["rows.csv:3"]),
    "bad encoding": (
        {"rows.csv": "question,answer\ncafé,1\n".encode("latin-1")},
        (*FLAGS, "-d", "rows.csv"),
        ["rows.csv", "UTF-8"],
    ),
    "broken gzip": (
        {"rows.jsonl.gz": gzip.compress(b'{"question": "x", "answer": 1}\n' * 50)[:-12]},
        (*FLAGS, "-d", "rows.jsonl.gz"),
        ["rows.jsonl.gz"],
    ),
    "unknown kind of data": ({"rows.xml": "<a/>"}, (*FLAGS, "-d", "rows.xml"), ["rows.xml"]),
    "target column that is not there": ({}, (*FLAGS, "--target", "anwser"), ["anwser", "answer"]),
    # models
    "no model": ({}, ("run", "-p", "direct.txt", "-d", "rows.jsonl"), ["direct.txt", "model", "-m", "pocket/small"]),
    "an input to try that no prompt has": (
        {},
        ("try", "direct.txt", "-d", "rows.jsonl", "-m", "echo", "--input", "qestion=question"),
        ["no prompt has a variable 'qestion'", "did you mean 'question'?"],
    ),
    "models in one word": ({}, (*FLAGS, "-m", "pocket/small,pocket/tiny"), ["one by one, each with its own -m"]),
    "scorers in one word": ({}, (*FLAGS, "-s", "numeric,exact"), ["several are given one by one", "column 8"]),
    "an unknown field of the split": (
        {"e.yaml": "prompts: [direct.txt]\nsplit: {tst: 0.5}\ndata: rows.jsonl\n"},
        ("run", "e.yaml"),
        ["e.yaml:2: split: there is no 'tst'", "did you mean 'test'?"],
    ),
    "a word for a number": (
        {"e.yaml": "prompts: [direct.txt]\ntrials: many\ndata: rows.jsonl\n"},
        ("run", "e.yaml"),
        ["e.yaml:2: trials: wanted a whole number, got text"],
    ),
    "unknown pocket model": ({}, (*FLAGS, "-m", "pocket/smal"), ["pocket/./FOLDER", "; did you mean 'pocket/small'?"]),
    "unknown provider": ({}, (*FLAGS, "-m", "opneai/gpt-5-mini"), ["opneai", "openai"]),
    "no key": ({}, ("run", "-p", "direct.txt", "-m", "openai/gpt-5-mini", "-d", "rows.jsonl"), ["OPENAI_API_KEY"]),
    "missing recording": ({}, ("run", "-p", "direct.txt", "-m", "replay:no.jsonl", "-d", "rows.jsonl"), ["no.jsonl"]),
    "broken recording": ({"demo.jsonl": '{"prompt": "x", "completion": "y"}\n{"prompt"\n'}, FLAGS, ["demo.jsonl:2"]),
    "recording without completions": ({"demo.jsonl": '{"prompt": "x"}\n'}, FLAGS, ["demo.jsonl:1"]),
    "sampling that the model refuses": (
        {
            "direct.txt": "---\nmodel:\n  options:\n    temperature: 0.5\n---\nuser:\n{{question}}",
            ".env": "OPENAI_API_KEY=k",
        },
        ("run", "-p", "direct.txt", "-m", "openai/o3", "-d", "rows.jsonl"),
        ["temperature", "o3"],
    ),
    "money budget without a price": (
        {".env": "OPENAI_API_KEY=k"},
        ("run", "-p", "direct.txt", "-m", "openai/unheard-of-model", "-d", "rows.jsonl", "--budget", "1usd"),
        ["unheard-of-model", "price"],
    ),
    # what is read of the lab
    "no run yet": ({}, ("show",), ["scansion run"]),
    "report of an unknown run": ({}, ("report", "r77", "-o", "r.html"), ["run"]),
    "report of nothing": ({}, ("report",), ["-o"]),
    "score without a scorer": ({}, ("score",), ["--scorer"]),
    "two choices at once": ({}, ("show", "--wrong", "--errors"), ["--errors", "--wrong"]),
    "export without a file": ({}, ("export",), ["-o"]),
    "export to an unknown format": ({}, ("export", "-o", "x.xlsx"), [".jsonl"]),
    "unknown action": ({}, ("lab", "vacum"), ["did you mean 'vacuum'"]),
    "lab that is a file": ({"lab": "x"}, (*RUN, "--lab", "lab"), ["lab"]),
    "lab that is no database": ({".scansion/lab.db": "not a database, just words " * 9}, RUN, ["lab.db"]),
    "unknown shell": ({}, ("completion", "zhs"), ["did you mean 'zsh'"]),
    # comparisons
    "one side only": ({}, ("compare", "direct.txt"), ["two"]),
    "prompts without data": ({}, ("compare", "direct.txt", "steps.txt"), ["-d"]),
    "one column only": ({"r.csv": "a,b\n1,1\n"}, ("compare", "r.csv", "--a", "a"), ["--b"]),
    "column that is not there": (
        {"r.csv": "a,b\n1,1\n"},
        ("compare", "r.csv", "--a", "a", "--b", "c"),
        ["--b names 'c'", "b"],
    ),
    "flag without effect": ({}, ("compare", "r1", "r2", "--trials", "3"), ["--trials", "no effect"]),
    "flag of nought": ({}, ("compare", "r1", "r2", "--seed", "0"), ["--seed", "no effect"]),
    "plan after a flag that takes a file": (
        {},
        ("run", "--markdown", "experiment.yaml"),
        ["experiment.yaml", "put the plan before the flags"],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_one_clear_line_and_exit_code_2(case, scansion, project):
    files, words, said = TABLE[case]
    for name, content in files.items():
        path = project / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = scansion(*words)
    lines = done.err.splitlines()
    assert done.code == 2, (done.code, done.err)
    assert done.out == ""
    assert len(lines) == 1, done.err
    assert lines[0].startswith("scansion: ")
    assert len(lines[0]) < 400
    missing = [part for part in said if part not in lines[0]]
    assert not missing, f"{lines[0]!r} does not say {missing}"


def test_after_a_run_unknown_names_are_explained(scansion):
    assert scansion(*RUN).code == 0
    for words, said in (
        (("show", "--variant", "stepz"), "steps"),
        (("show", "--flips", "direct", "stepz"), "steps"),
        (("show", "r9"), "r1"),
        (("compare", "direct", "stepz"), "steps"),
        (("compare", "r1", "r99"), "'r99' is none"),
        (("compare", "r99", "r1"), "'r99' is none"),
        (("score", "-s", "numerik"), "numeric"),
        (("report", "nothing", "-o", "x.html"), "r1"),
    ):
        done = scansion(*words)
        assert (done.code, len(done.err.splitlines())) == (2, 1), (words, done.err)
        assert said in done.err, (words, done.err)


def test_the_table_is_long_enough():
    assert len(TABLE) >= 40
    assert json.dumps(sorted(TABLE)) == json.dumps(sorted(set(TABLE)))


@pytest.mark.parametrize(
    "line",
    [
        'scorers: [rubric("Is it: kind?", model=pocket/small), numeric]',
        'scorers: [numeric, rubric("Is it kind, or not?", model=pocket/small)]',
        'scorers: [rubric("Is it: kind?")]',
        'scorers: rubric("Is it: kind?")',
        'techniques: [system("Be: kind"), as-is]',
    ],
)
def test_a_text_that_yaml_parts_is_to_be_quoted_as_a_whole(line, scansion, project):
    file = project / "experiment.yaml"
    field = line.partition(":")[0]
    kept = [each for each in file.read_text().splitlines() if not each.startswith(field)]
    file.write_text("\n".join([line, *kept]))
    done = scansion("run", "experiment.yaml")
    assert done.code == 2
    assert "experiment.yaml:1: " in done.err
    assert "put single quotes around the whole of it" in done.err
    assert len(done.err.splitlines()) == 1
