"""What is kept of a prompt, what differs between two, and what git knows of a file."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scansion.errors import InputError
from scansion.prompts import Prompt, from_text
from scansion.prompts.diff import changes
from scansion.prompts.history import at_head, commits
from scansion.prompts.versions import Kept, keep, masked, restore, restore_file
from scansion.types import canonical

FULL = """---
name: capitals
model:
  id: gpt-5-mini
  provider: openai
  connection: {kind: key, apiKey: "sk-not-to-be-kept-1234", endpoint: https://example.org/v1}
  options: {temperature: 1.0e-05, maxOutputTokens: 200}
inputs:
  country: {kind: string, required: true, example: Chad}
  tone: friendly
---
system:
Be {{ tone }}.

user:
What is the capital of {{ country }}?
"""


def git(folder: Path, *words: str) -> str:
    author = ["-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *author, *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def commit(folder: Path, path: str, text: str, subject: str) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", subject)


def test_a_kept_prompt_renders_as_the_prompt_does() -> None:
    prompt = from_text(FULL, "capitals")
    again = restore(keep(prompt), "capitals")
    assert keep(prompt).version == prompt.version
    assert again.sampling == prompt.sampling
    assert again.model == prompt.model
    assert again.render({"country": "Chad"}) == prompt.render({"country": "Chad"})


def test_secrets_are_not_kept() -> None:
    kept = keep(from_text(FULL, "capitals"))
    assert "sk-not-to-be-kept-1234" not in str(kept)
    assert kept.meta is not None
    assert kept.meta["model"]["connection"]["endpoint"] == "https://example.org/v1"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ({"apiKey": "x"}, {"apiKey": "***"}),
        ({"api_key": "${env:KEY}"}, {"api_key": "${env:KEY}"}),
        ({"headers": [{"Authorization": "x"}]}, {"headers": [{"Authorization": "***"}]}),
        ({"maxOutputTokens": 5, "max_tokens": 7}, {"maxOutputTokens": 5, "max_tokens": 7}),
        ({"monkey": "b", "keyboard": "c", "tokenizer": "d"}, {"monkey": "b", "keyboard": "c", "tokenizer": "d"}),
        ({"author": "ana", "secretary": "bo"}, {"author": "ana", "secretary": "bo"}),
        ({"openai_api_key": "x", "OPENAI_KEY": "x"}, {"openai_api_key": "***", "OPENAI_KEY": "***"}),
        ({"x-goog-api-key": "x", "X-Auth-Token": "x"}, {"x-goog-api-key": "***", "X-Auth-Token": "***"}),
        (
            {"password2": "x", "APIKEY": "x", "dbPassword": "x"},
            {"password2": "***", "APIKEY": "***", "dbPassword": "***"},
        ),
        ({"apiKeys": ["x", "y"], "pin.secret": 1234}, {"apiKeys": ["***", "***"], "pin.secret": "***"}),
        ({"MAX_API_KEY": "x", "token": 1234}, {"MAX_API_KEY": "***", "token": "***"}),
        ({"credentials": {"user": "x", "pass": 1}}, {"credentials": {"user": "***", "pass": "***"}}),
        ([{"name": "Authorization", "value": "x"}], [{"name": "Authorization", "value": "***"}]),
        ([{"key": "x-api-key", "value": "x"}], [{"key": "x-api-key", "value": "***"}]),
        ([{"key": "Accept", "value": "x"}], [{"key": "Accept", "value": "x"}]),
        ({"tokens": 5, "stop_token": "#", "tokenLimit": "9"}, {"tokens": 5, "stop_token": "#", "tokenLimit": "9"}),
        ({"apiKey": None, "needs_key": True, 7: "x"}, {"apiKey": None, "needs_key": True, 7: "x"}),
        ({"Authorization": "Bearer ${env:KEY}"}, {"Authorization": "Bearer ${env:KEY}"}),
        ({"apiKey": "${env:KEY:sk-1}"}, {"apiKey": "***"}),
    ],
)
def test_what_is_masked(given_: Any, kept: Any) -> None:
    assert masked(given_) == kept


@pytest.mark.parametrize("inputs", ["{password: {kind: string, required: true}}", "[{name: api_key, kind: string}]"])
def test_a_prompt_with_an_input_called_like_a_secret_is_kept_whole(inputs: str) -> None:
    name = "password" if "password" in inputs else "api_key"
    prompt = from_text(f"---\ninputs: {inputs}\n---\nuser:\n{{{{ {name} }}}}", "p")
    assert restore(keep(prompt), "p").version == prompt.version


def test_a_default_of_an_input_called_like_a_secret_is_not_kept() -> None:
    text = "---\ninputs: {given}\n---\nuser:\n{{{{ api_key }}}}"
    for given_ in ("{api_key: sk-1}", "[{name: api_key, kind: string, default: sk-1}]", "{api_key: {default: sk-1}}"):
        kept = keep(from_text(text.format(given=given_), "p"))
        assert "sk-1" not in str(kept)
        assert restore(kept, "p").inputs[0].default == "***"


def test_edits_of_techniques_are_kept_by_name() -> None:
    prompt = from_text("{{ question }}", "ask")
    again = restore(keep(prompt, prompt.with_cue("Think.")), "ask")
    assert again.cue == "Think."
    assert keep(prompt, prompt.with_cue("Think.")).version == prompt.version
    shots = restore(Kept(version="x", template="{{ q }}", shots="shots(2)"), "ask")
    assert shots.shots is not None
    assert shots.shots.spec == "shots(2)"


def test_a_kept_prompt_is_named_by_its_file_and_has_no_edits_unless_asked() -> None:
    prompt = from_text("{{ question }}", "ask")
    kept = keep(prompt, prompt.with_cue("Think."))
    found = restore_file(kept, "main:prompts/ask.v2.prompty")
    assert (found.name, found.cue, found.version) == ("ask.v2", "", prompt.version)
    assert restore_file(kept, "ask.txt", edits=True).cue == "Think."


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}\r\x00"), min_size=1).filter(str.strip)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN, st.none() | st.dictionaries(st.sampled_from(["name", "description", "metadata"]), VALUES))
def test_keeping_changes_nothing(template: str, meta: dict[str, Any] | None) -> None:
    prompt = Prompt(name="p", template=template, meta=meta or {}, markers=meta is not None)
    assert restore(keep(prompt), "p").version == restore(keep(restore(keep(prompt), "p")), "p").version
    if masked(prompt.meta) == prompt.meta:
        assert restore(keep(prompt), "p").version == prompt.version


@given(VALUES, VALUES)
def test_settings_differ_exactly_where_values_do(a: Any, b: Any) -> None:
    one, other = (Prompt(name="p", template="t", meta={"metadata": value}) for value in (a, b))
    assert changes(one, one) == []
    assert bool(changes(one, other)) == (canonical(masked(one.meta)) != canonical(masked(other.meta)))


def test_settings_are_compared_key_by_key() -> None:
    before = from_text(FULL, "a")
    text = FULL.replace("1.0e-05", "0.5").replace("  tone: friendly\n", "").replace("gpt-5-mini", "gpt-5")
    after = from_text(text.replace("provider: openai", "provider: openai\n  apiType: chat"), "a")
    found = {c.key: (c.kind, c.a, c.b) for c in changes(before, after)}
    assert found == {
        "model.id": ("changed", "gpt-5-mini", "gpt-5"),
        "model.options.temperature": ("changed", 1e-05, 0.5),
        "model.apiType": ("added", None, "chat"),
        "inputs.tone": ("removed", "friendly", None),
    }


def test_named_things_in_lists_are_compared_by_name() -> None:
    lists = ["[{name: a, kind: string}, {name: b}]", "[{name: b}, {name: a, kind: integer}]"]
    one, other = (from_text(f"---\ninputs: {text}\n---\nuser:\n{{{{ a }}}}", "p") for text in lists)
    assert {c.key for c in changes(one, other)} == {"inputs.a.kind", "inputs"}


def test_a_file_that_gains_front_matter_says_so() -> None:
    found = changes(from_text("Hello {{ you }}", "a"), from_text("---\nname: a\n---\nHello {{ you }}", "a"))
    assert [(c.key, c.kind) for c in found] == [("front matter", "added"), ("name", "added")]


def test_history_follows_renames_and_reads_old_references(repository: Path) -> None:
    body = "---\ndescription: ${file:about.txt}\n---\nuser:\nHow much is {{ a }} and\nthree more, please?\n"
    (repository / "p").mkdir()
    (repository / "p" / "about.txt").write_text("first")
    commit(repository, "p/old name.prompty", body, "begin")
    (repository / "p" / "about.txt").write_text("second")
    git(repository, "mv", "p/old name.prompty", "p/new.prompty")
    commit(repository, "p/new.prompty", body + "Now.\n", "rename, änd more")
    found = commits(repository / "p" / "new.prompty")
    assert [(c.subject, c.path) for c in found] == [
        ("rename, änd more", "p/new.prompty"),
        ("begin", "p/old name.prompty"),
    ]
    assert [c.prompt.meta["description"] for c in found if c.prompt] == ["second", "first"]


def test_history_of_what_was_merged_and_of_what_was_broken(repository: Path) -> None:
    commit(repository, "a.txt", "one\ntwo\n", "one")
    git(repository, "checkout", "-q", "-b", "side")
    commit(repository, "a.txt", "one\nside\n", "side")
    git(repository, "checkout", "-q", "main")
    commit(repository, "a.txt", "---\nname: [\n---\nbroken\n", "broken")
    subprocess.run(["git", "-C", str(repository), "merge", "-q", "side"], capture_output=True, check=False)
    commit(repository, "a.txt", "both\n", "merged")
    found = commits(repository / "a.txt")
    assert found[0].subject == "merged"
    assert found[0].prompt is not None
    assert found[0].prompt.template == "both"
    [broken] = [c for c in found if c.prompt is None]
    assert "not valid YAML" in broken.problem


def test_a_name_with_glob_signs_is_that_file_alone(repository: Path) -> None:
    commit(repository, "a1.txt", "another", "another")
    for name, text in (("a[1].txt", "brackets"), ("*.txt", "star"), (":(top)x.txt", "magic")):
        commit(repository, name, text, text)
        assert [c.subject for c in commits(repository / name)] == [text]


def test_a_subject_may_hold_anything(repository: Path) -> None:
    commit(repository, "a.txt", "1", "be\x01gin " + "a" * 40)
    (repository / "a.txt").write_text("2")
    git(repository, "commit", "-q", "-a", "--allow-empty-message", "-m", "")
    git(repository, "mv", "a.txt", "b.txt")
    git(repository, "commit", "-q", "-m", "\x01M")
    found = commits(repository / "b.txt")
    assert [c.subject for c in found] == ["\x01M", "", "be\x01gin " + "a" * 40]
    assert [c.prompt.template for c in found if c.prompt] == ["2", "2", "1"]


def test_a_file_that_git_does_not_know_has_no_history(repository: Path, tmp_path: Path) -> None:
    assert commits(repository / "a.txt") == []
    assert commits("/nowhere at all/a.txt") == []
    (repository / "a.txt").write_text("x")
    with pytest.raises(InputError, match="HEAD"):
        at_head(repository / "a.txt")


def test_the_file_at_head(repository: Path) -> None:
    commit(repository, "p/a.txt", "one", "one")
    (repository / "p" / "a.txt").write_text("two")
    assert at_head(repository / "p" / "a.txt").template == "one"


def test_an_input_with_a_plain_name_is_no_secret():
    inputs = {"key": {"type": "string", "default": "C major"}, "api_key": {"type": "string", "default": "sk-1"}}
    kept = masked({"inputs": inputs})["inputs"]
    assert kept["key"]["default"] == "C major"
    assert kept["api_key"]["default"] == "***"
