"""Files, revisions, front matter, references, versions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scansion.prompts as prompts
from scansion.errors import InputError
from scansion.prompts.versions import canonical_text
from scansion.types import ResponseFormat, Sampling

TEXT = "---\nmodel: gpt-4o\nzebra: [1, 2]\n---\nuser:\n{{q}}\n"


def test_names_and_paths(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "direct.prompty").write_text(TEXT)
    prompt = prompts.load("prompts/direct.prompty", tmp_path)
    assert (prompt.name, prompt.path, prompt.kind, prompt.model) == (
        "direct",
        "prompts/direct.prompty",
        "chat",
        "openai/gpt-4o",
    )
    assert prompt.meta["zebra"] == [1, 2]
    assert prompts.load(tmp_path / "prompts" / "direct.prompty").name == "direct"
    (tmp_path / "plain.txt").write_text("Say {{x}}.\n")
    plain = prompts.load("plain.txt", tmp_path)
    assert (plain.name, plain.template, plain.meta, plain.variables) == ("plain", "Say {{x}}.", {}, ("x",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"---\nname: x\nuser:\nhi", r"a.prompty:1: the front matter is not closed; end it with a line ---"),
        (b"\n\n---\nname: x", r"a.prompty:3: the front matter is not closed"),
        (b"---\nname: x\n  bad: y\n---\nhi", r"a.prompty:3: not valid YAML"),
        (b"---\nname: [1, 2\nother: 3\n---\nhi", r"a.prompty:2: not valid YAML"),
        (b'---\nname: "open\nother: 3\n---\nhi', r"a.prompty:2: not valid YAML"),
        (b"---\nname: !python/object:os.system x\n---\nhi", r"a.prompty:2: not valid YAML"),
        (b"---\na: 1\nb: 2\na: 3\n---\nhi", r"a.prompty:4: the key 'a' stands twice, first on line 2"),
        (b"---\n- a\n---\nhi", r"a.prompty:2: the front matter must be a mapping"),
        (b"---\nwhen: 2020-13-45\n---\nhi", r"a.prompty:2: not valid YAML"),
        (b"---\nb: 1\na: \x07\n---\nhi", r"a.prompty:3: not valid YAML"),
        (b"---\na: &x [*x]\n---\nhi", r"a.prompty:2: too large or too deep"),
        (b"---\nname: x\n---\n\n", r"a.prompty: the prompt is empty"),
        (b"", r"a.prompty: the prompt is empty"),
        (b"line\nbad \xff byte", r"a.prompty:2: not UTF-8 \(byte 0xff\)"),
        (b"---\nmodel: [1]\n---\nhi", r"a.prompty:2: model must be a name or a mapping"),
        (b"---\nmodel:\n  id: x\n  apiType: poem\n---\nhi", r"a.prompty:4: unknown apiType 'poem'"),
        (b"---\nmodel:\n  options: [1]\n---\nhi", r"a.prompty:3: model.options must be a mapping"),
        (b"---\nmodel:\n  options:\n    temperature: hot\n---\nhi", r"a.prompty:4: temperature must be a number"),
        (b"---\nmodel:\n  options:\n    temperature: .nan\n---\nhi", r"a.prompty:4: temperature must be a number"),
        (b"---\nmodel:\n  options:\n    seed: 1.5\n---\nhi", r"a.prompty:4: seed must be a whole number"),
        (b"---\nmodel:\n  options:\n    seed: true\n---\nhi", r"a.prompty:4: seed must be a whole number"),
        (b"---\nmodel:\n  options:\n    stopSequences: 3\n---\nhi", r"a.prompty:4: stopSequences must be a string or"),
        (b"---\ninputs: 3\n---\nhi", r"a.prompty:2: inputs must be a list"),
        (b"---\ninputs:\n  - kind: string\n---\nhi", r"a.prompty:3: a property in a list needs a name"),
        (b"---\ninputs:\n  - name: a\n  - name: a\n---\nhi", r"a.prompty:4: 'a' is declared twice"),
        (b"---\ninputs:\n  a:\n    kind: [x]\n---\nhi", r"a.prompty:3: the kind of 'a' must be a word"),
        (b"---\ninputs:\n  a:\n    enumValues: x\n---\nhi", r"a.prompty:3: enumValues of 'a' must be a list"),
        (b"---\ntools: 3\n---\nhi", r"a.prompty:2: tools must be a list"),
        (b"---\ntools:\n  - kind: function\n---\nhi", r"a.prompty:3: a tool needs a name"),
        (b"---\ntemplate: mustache\n---\nhi", r"a.prompty:2: Mustache is not read"),
        (b"---\ntemplate:\n  format:\n    kind: liquid\n---\nhi", r"a.prompty:3: unknown template format 'liquid'"),
        (b"---\ntemplate:\n  parser: xml\n---\nhi", r"a.prompty:3: unknown template parser 'xml'"),
        (b"---\ntemplate: [1]\n---\nhi", r"a.prompty:2: template must be jinja2"),
        (b"---\nx: ${env:SCANSION_NOT_SET}\n---\nhi", r"a.prompty:2: the environment variable 'SCANSION_NOT_SET'"),
        (b"---\nx: ${file:gone.txt}\n---\nhi", r"a.prompty:2: cannot read \$\{file:gone.txt\}"),
    ],
)
def test_errors_are_one_line_with_file_and_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.prompty").write_bytes(content)
    with pytest.raises(InputError, match=f"^{message}") as caught:
        prompts.load("a.prompty", tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    (tmp_path / "direct.txt").write_text("x")
    with pytest.raises(InputError, match=r"prompt 'dirct.txt': no such file; did you mean 'direct.txt'\?"):
        prompts.load("dirct.txt", tmp_path)
    with pytest.raises(InputError, match="no such file"):
        prompts.load("nowhere/a.txt", tmp_path)
    with pytest.raises(InputError, match="is a folder"):
        prompts.load(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        prompts.load("x" * 5000, tmp_path)
    with pytest.raises(InputError, match="is in no git repository"):
        prompts.load("main:a.prompty", tmp_path)


def test_front_matter_that_looks_like_none(tmp_path: Path) -> None:
    assert prompts.from_text("--- x\nhello", "p").meta == {}
    assert prompts.from_text("+++\nname: x\n+++\nhello", "p").meta == {"name": "x"}
    assert prompts.from_text("---\nnote: a --- b\n---\nhello\n---\nmore", "p").template == "hello\n---\nmore"


def test_yaml_values_are_json_values() -> None:
    meta = prompts.from_text("---\n1: 2020-01-02\ns: !!set {a}\nb: !!binary aGk=\n---\nx", "p").meta
    assert meta == {"1": "2020-01-02", "s": ["a"], "b": "aGk="}


class TestReferences:
    def test_files_inside_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "a.json").write_text('{"k": [1]}')
        (tmp_path / "b.yaml").write_text("k: 2\n")
        (tmp_path / "c.txt").write_text("text\n")
        text = (
            "---\na: ${file:sub/a.json}\nb: ${FILE:b.yaml}\nc: ${file:./c.txt}\nd: ${other:x}\ne: see ${env:X}\n---\nx"
        )
        (tmp_path / "p.prompty").write_text(text)
        meta = prompts.load("p.prompty", tmp_path).meta
        assert meta == {"a": {"k": [1]}, "b": {"k": 2}, "c": "text\n", "d": "${other:x}", "e": "see ${env:X}"}

    @pytest.mark.parametrize(
        "name", ["../secret.txt", "/etc/passwd", "sub/../../secret.txt", "link.txt", "dir/secret.txt"]
    )
    def test_files_outside_it(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / "prompts"
        folder.mkdir()
        (tmp_path / "secret.txt").write_text("secret")
        (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
        (folder / "dir").symlink_to(tmp_path)
        (folder / "p.prompty").write_text(f"---\nname: x\nx: ${{file:{name}}}\n---\nx")
        with pytest.raises(InputError, match=r"p.prompty:3: .*(inside|outside) the prompt's folder"):
            prompts.load("p.prompty", folder)

    def test_files_that_are_not_what_their_name_says(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text("{")
        (tmp_path / "p.prompty").write_text("---\nx: ${file:a.json}\n---\nx")
        with pytest.raises(InputError, match=r"p.prompty:2: \$\{file:a.json\} is not valid JSON"):
            prompts.load("p.prompty", tmp_path)
        with pytest.raises(InputError, match="only a prompt file may name one"):
            prompts.from_text("---\nx: ${file:a.json}\n---\nx", "p")

    def test_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SCANSION_T", "0.5")
        monkeypatch.delenv("SCANSION_GONE", raising=False)
        text = (
            "---\nmodel:\n  options: {temperature: '${env:SCANSION_T}'}\na: ${env:SCANSION_GONE:x:y}\n"
            "b: ${env:SCANSION_GONE:}\n---\nx"
        )
        prompt = prompts.from_text(text, "p")
        assert prompt.sampling == Sampling(temperature=0.5)
        assert (prompt.meta["a"], prompt.meta["b"]) == ("x:y", "")

    def test_a_connection_is_resolved_at_the_call_and_never_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = (
            "---\nmodel:\n  id: m\n  provider: openai\n  connection:\n    endpoint: http://h:1/v1\n"
            "    apiKey: ${env:SCANSION_KEY}\n---\nx"
        )
        monkeypatch.setenv("SCANSION_KEY", "sk-one")
        prompt = prompts.from_text(text, "p")
        version = prompt.version
        assert prompt.model == "openai/m?base_url=http://h:1/v1&key=SCANSION_KEY"
        assert prompt.connection()["apiKey"] == "sk-one"
        monkeypatch.setenv("SCANSION_KEY", "sk-two")
        assert prompt.connection()["apiKey"] == "sk-two"
        assert prompts.from_text(text, "p").version == version
        kept = repr(prompt) + canonical_text(prompt) + str(msgspec.structs.asdict(prompt))
        assert "sk-" not in kept
        assert prompts.from_text("x", "p").connection() == {}


class TestSettings:
    def test_options(self) -> None:
        text = (
            "---\nmodel:\n  id: claude-x\n  options:\n    temperature: 0\n    maxOutputTokens: 10\n"
            "    topP: 0.9\n    topK: 5\n    seed: '7'\n    stopSequences: [a, b]\n"
            "    frequencyPenalty: 1\n    presencePenalty: -1\n"
            "    temprature: 2\n    additionalProperties: {reasoning_effort: low, verbosity: high}\n---\nx"
        )
        prompt = prompts.from_text(text, "p")
        assert prompt.model == "anthropic/claude-x"
        assert prompt.sampling == Sampling(
            temperature=0,
            max_tokens=10,
            top_p=0.9,
            top_k=5,
            seed=7,
            stop=("a", "b"),
            frequency_penalty=1,
            presence_penalty=-1,
            effort="low",
            extra={"verbosity": "high"},
        )
        assert prompt.notes == (
            "model.options.temprature is not a known option and is not sent; see additionalProperties",
        )
        assert prompt.render({}).sampling is prompt.sampling

    @pytest.mark.parametrize(
        ("model", "expected"),
        [
            ("gpt-4o", "openai/gpt-4o"),
            ("o3-mini", "openai/o3-mini"),
            ("gemini-2.5-pro", "google/gemini-2.5-pro"),
            ("openai/gpt-5-mini?effort=low", "openai/gpt-5-mini?effort=low"),
            ("pocket/small", "pocket/small"),
            ("gptneo", "gptneo"),
            ("{provider: ollama, id: 'llama3:8b'}", "ollama/llama3:8b"),
            ("{provider: openai, id: 'a?b&c%'}", "openai/a%3Fb%26c%25"),
            ("{provider: foundry, id: gpt-4}", None),
            ("{provider: azure, id: gpt-4}", None),
            ("{apiType: chat}", None),
            ("{configuration: {type: azure_openai, azure_deployment: gpt-35}}", None),
            (
                "{configuration: {type: openai, name: gpt-4, base_url: 'http://h/v1'}}",
                "openai/gpt-4?base_url=http://h/v1",
            ),
            ("{configuration: {type: openai, name: gpt-4, base_url: 'https://api.openai.com/v1'}}", "openai/gpt-4"),
        ],
    )
    def test_models(self, model: str, expected: str | None) -> None:
        assert prompts.from_text(f"---\nmodel: {model}\n---\nx", "p").model == expected

    def test_outputs(self) -> None:
        text = (
            "---\noutputs:\n  - {name: city, kind: string, description: City name, required: true}\n"
            "  - {name: mood, enumValues: [good, bad], required: true}\n"
            "  - {name: days, kind: array, required: true, items: {kind: object, properties: "
            "[{name: high, kind: float, required: true}]}}\n---\nx"
        )
        reply = prompts.from_text(text, "p").response_format
        assert reply is not None
        assert reply.strict
        day = {
            "type": "object",
            "properties": {"high": {"type": "number"}},
            "required": ["high"],
            "additionalProperties": False,
        }
        assert reply.schema == {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "City name"},
                "mood": {"type": "string", "enum": ["good", "bad"]},
                "days": {"type": "array", "items": day},
            },
            "required": ["city", "mood", "days"],
            "additionalProperties": False,
        }
        loose = prompts.from_text("---\noutputs:\n  a: {kind: integer}\n---\nx", "p")
        assert loose.response_format is not None
        assert not loose.response_format.strict
        assert loose.render({}).response_format == loose.response_format

    def test_the_first_version(self) -> None:
        text = (
            "---\nname: Old\nauthors: [a]\nmodel:\n  api: chat\n  configuration:\n    type: openai\n    name: gpt-4\n"
            "    api_key: ${env:SCANSION_GONE}\n  parameters:\n    max_tokens: 5\n    temperature: 0.2\n    stop: X\n"
            "    response_format: {type: json_object}\n    tools:\n      - type: function\n        function:\n"
            "          name: f\n          parameters: {type: object, properties: {a: {type: string}}}\n"
            "sample:\n  question: hi\ninputs:\n  question: {type: string}\n---\nsystem:\nS\n\nuser:\n{{question}}\n"
        )
        prompt = prompts.from_text(text, "old")
        assert "first version" in prompt.notes[0]
        assert prompt.model == "openai/gpt-4?key=SCANSION_GONE"
        assert prompt.sampling == Sampling(max_tokens=5, temperature=0.2, stop=("X",))
        assert prompt.response_format == ResponseFormat()
        assert prompt.tools[0].parameters == {"type": "object", "properties": {"a": {"type": "string"}}}
        assert prompt.variables == ("question",)
        assert prompts.from_text("---\nmodel: {api: completion}\n---\nx", "p").kind == "completion"
        schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": False}}
        text = f"---\nmodel: {{parameters: {{response_format: {msgspec.json.encode(schema).decode()}}}}}\n---\nx"
        assert prompts.from_text(text, "p").response_format == ResponseFormat({"type": "object"}, "n", False)


def git(folder: Path, *args: str) -> None:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    who = ["-c", "user.name=n", "-c", "user.email=e@e.example", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, env=env)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    folder = root / "prompts"
    folder.mkdir()
    (folder / "a.prompty").write_text("---\nx: ${file:note.txt}\n---\nuser:\nold {{q}}\n")
    (folder / "note.txt").write_text("old note")
    (folder / "link.txt").symlink_to("/etc/passwd")
    (folder / "b.prompty").write_text("---\nx: ${file:link.txt}\n---\nx")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    (folder / "a.prompty").write_text("---\nx: ${file:note.txt}\n---\nuser:\nnew {{q}}\n")
    (folder / "note.txt").write_text("new note")
    return root


class TestRevisions:
    def test_a_prompt_of_a_revision(self, repository: Path) -> None:
        old, new = prompts.load("main:prompts/a.prompty", repository), prompts.load("prompts/a.prompty", repository)
        assert (old.name, old.path, old.meta) == ("a@main", "main:prompts/a.prompty", {"x": "old note"})
        assert old.render({"q": 1}).messages[0].content == "old 1"
        assert new.render({"q": 1}).messages[0].content == "new 1"
        assert old.version != new.version

    def test_from_a_folder_inside(self, repository: Path) -> None:
        inside = repository / "prompts"
        for name in ("main:a.prompty", "main:prompts/a.prompty", "HEAD:../prompts/a.prompty", "main:./a.prompty"):
            assert prompts.load(name, inside).meta == {"x": "old note"}

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("nope:prompts/a.prompty", "git knows no revision 'nope'"),
            ("--help:prompts/a.prompty", "git knows no revision '--help'"),
            ("main:prompts/z.prompty", "revision 'main' has no file 'prompts/z.prompty'"),
            ("main:../../z.prompty", "has no file"),
            ("main:prompts/b.prompty", r"main:prompts/b.prompty:2: \$\{file:link.txt\} is a link in revision"),
        ],
    )
    def test_errors(self, repository: Path, name: str, message: str) -> None:
        with pytest.raises(InputError, match=message):
            prompts.load(name, repository)


class TestVersions:
    def test_what_does_not_count(self) -> None:
        version = prompts.from_text(TEXT, "a").version
        assert len(version) == 32
        same = "---\n# a comment\nzebra:\n    - 1\n    - 2\nmodel:   'gpt-4o'\n---\n\n\nuser:\n{{q}}\n\n"
        assert prompts.from_text(same, "other").version == version

    def test_what_counts(self) -> None:
        base = prompts.from_text(TEXT, "a")
        others = [
            prompts.from_text(TEXT.replace("{{q}}", "{{q}} "), "a"),
            prompts.from_text(TEXT.replace("gpt-4o", "gpt-4"), "a"),
            prompts.from_text(TEXT.replace("[1, 2]", "[2, 1]"), "a"),
            prompts.from_text("user:\n{{q}}\n", "a"),
            prompts.from_text("---\n---\nuser:\n{{q}}\n", "a"),
            base.with_cue("x"),
            base.with_cue("x").with_cue("y"),
        ]
        versions = [p.version for p in (base, *others)]
        assert len(set(versions)) == len(versions)

    def test_it_is_stable(self) -> None:
        # A change here makes every stored outcome unreachable: change the test only on purpose.
        assert prompts.from_text(TEXT, "a").version == "7c53091c5bcf65317b7dd29dab26f154"


def test_prompts_are_immutable_and_edits_are_new_prompts() -> None:
    prompt = prompts.from_text(TEXT, "a")
    with pytest.raises(AttributeError):
        prompt.name = "b"  # type: ignore[misc]
    edited = prompt.with_cue("x")
    assert (prompt.cue, edited.cue, edited.name) == ("", "x", "a")
    assert prompts.from_text(TEXT, "a") == prompt


plain_text = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\r{")).filter(str.strip)


@given(body=plain_text)
def test_any_text_without_template_code_is_sent_as_it_is(body: str) -> None:
    head = "---\nmodel: {apiType: completion}\n---\n"
    assert prompts.from_text(f"{head}{body}\n", "p").render({}).text == body
    if not body.lstrip().startswith(("---", "+++", "\ufeff")) and not body.startswith("\ufeff"):
        assert prompts.from_text(f"{body}\n", "p").render({}).messages[0].content == body


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(extra=st.dictionaries(st.text("xyz", min_size=1, max_size=5), json_values, max_size=4))
def test_unknown_keys_are_kept_and_never_an_error(extra: dict[str, object]) -> None:
    front = msgspec.json.encode(extra).decode()
    prompt = prompts.from_text(f"---\n{front}\n---\nuser:\nhi", "p")
    assert prompt.meta == extra
    assert prompts.from_text(canonical_text(prompt), "q").version == prompt.version


def test_a_variable_may_stand_in_a_dotenv_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GREETING", raising=False)
    (tmp_path / ".env").write_text("GREETING='good day'\n")
    (tmp_path / "a.prompty").write_text("---\nmetadata: {greeting: '${env:GREETING}'}\n---\nuser:\nhello\n")
    assert prompts.load(tmp_path / "a.prompty").meta["metadata"] == {"greeting": "good day"}
    monkeypatch.setenv("GREETING", "")
    assert prompts.load(tmp_path / "a.prompty").meta["metadata"] == {"greeting": ""}


@pytest.mark.parametrize(
    ("matter", "kind"),
    [
        ("apiType: completion", "completion"),
        ("apiType: chat", "chat"),
        ("model: gpt-4\napiType: completion", "completion"),
        ("apiType: completion\nmodel: {apiType: completion}", "completion"),
        ("model: {id: x}", "chat"),
    ],
)
def test_api_type_may_stand_at_the_top(matter: str, kind: str) -> None:
    assert prompts.from_text(f"---\n{matter}\n---\nQ: {{{{x}}}}\n", "p").kind == kind


def test_two_api_types_must_agree() -> None:
    with pytest.raises(InputError, match=r"p:2: apiType is 'completion' here and 'chat' in model; keep one"):
        prompts.from_text("---\napiType: completion\nmodel: {apiType: chat}\n---\nx", "p")
    with pytest.raises(InputError, match=r"p:2: unknown apiType 'poem'"):
        prompts.from_text("---\napiType: poem\n---\nx", "p")


@pytest.mark.parametrize(
    "model", ["{provider: foundry, id: gpt-4}", "{configuration: {type: azure_openai, azure_deployment: gpt-35}}"]
)
def test_a_model_that_cannot_be_called_is_a_hint_and_no_note(model: str) -> None:
    prompt = prompts.from_text(f"---\nmodel: {model}\n---\nx", "p")
    assert prompt.model is None
    assert "which cannot be called from here" in prompt.model_hint
    assert not any("called" in note for note in prompt.notes)
    assert prompts.from_text("---\nmodel: gpt-4o\n---\nx", "p").model_hint == ""


def test_lines_that_look_like_markers_in_plain_text_are_noted() -> None:
    assert any("role markers are not read" in note for note in prompts.from_text("system:\nBe kind.\n", "p").notes)
    assert prompts.from_text("A system: of note\n", "p").notes == ()


def test_prompts_are_made_by_their_class(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Hi {{x}}\n")
    assert prompts.Prompt.load("a.txt", tmp_path) == prompts.load("a.txt", tmp_path)
    assert prompts.Prompt.from_text("Hi {{x}}", "p").render({"x": 1}).messages[0].content == "Hi 1"
