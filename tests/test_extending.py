"""What `docs/extending.md` shows works as it stands."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace
from scansion.models.registry import providers
from scansion.prompts import from_text
from scansion.report import gallery
from scansion.sandbox import sandbox
from scansion.scorers import build_scorer, extractor, scorer, verifier
from scansion.specs import Registry
from scansion.techniques import Context, calls_per_outcome, compose, parse_techniques, technique
from scansion.types import Example, Output

DOC = (Path(__file__).parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", DOC, re.DOTALL))


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    before = {registry.kind: set(registry.entries) for registry in Registry._registries}
    yield
    for registry in Registry._registries:  # what the page's files have registered
        for name in set(registry.entries) - before.get(registry.kind, set()):
            if not registry.entries[name].factory.__module__.startswith("scansion."):
                del registry.entries[name]


def written(option: str) -> list[str]:
    """The specs that the page gives to an option of the command."""
    return [a or b for a, b in re.findall(rf'{option} (?:"(python:[^"]+)"|(python:\S+)|"(?:[a-z]+\(by))', DOC)]


def test_every_spec_on_the_page_can_be_built() -> None:
    for spec in filter(None, [*written("-s"), "exact(by=python:hashtag:hashtag(-1))"]):
        build_scorer(spec)
    for spec in written("-t"):
        parse_techniques(spec)


@pytest.mark.parametrize(
    ("spec", "text", "target", "wanted"),
    [
        ("python:my_scorers:polite", "Yes, please.", None, 1),
        ("python:distance:distance(10)", "about 7", 10, 0.7),
        ("exact(by=python:my_extractors:last_word)", "It is Paris.", "Paris", 1),
        ("exact(by=python:hashtag:hashtag(-1))", "#a #b", "b", 1),
        ("follows(python:my_verifiers:no_shouting)", "NO", None, 0),
        ("follows(python:my_verifiers:at_most_lines(2))", "a\nb", None, 1),
    ],
)
def test_scorers_and_extractors(spec: str, text: str, target: Any, wanted: float) -> None:
    assert spec in DOC
    score = build_scorer(spec).score(Output(text), Example("1", {}, target))
    assert score is not None
    assert score.value == pytest.approx(wanted)


def test_a_scorer_that_asks_has_a_pass_mark() -> None:
    found = build_scorer("python:politeness:politeness(passing=0.5)")
    assert (found.pass_mark, found.models, found.asks_subject) == (0.5, ("pocket/small",), False)

    async def score(text: str) -> Any:
        gateway = Gateway(base_dir=Path.cwd())
        lm = LM(gateway, gateway.channel("pocket/small"), Trace(), purpose="judge")
        return await found(Output(text), Example("1", {}), lm)

    assert asyncio.run(score("Close the door now, you fool!")).value == 0
    assert asyncio.run(score("Please close the door.")).value == 0.75


def test_the_gallery_describes_ones_own() -> None:
    [judge] = gallery.find("python:politeness:politeness(passing=0.5)")
    assert (judge.kind, judge.usage) == (
        "scorers",
        "python:politeness:politeness(model=pocket/small, passing=0.75)",
    )
    [plain] = gallery.find("python:my_scorers:polite")
    assert plain.kind == "plain function"
    assert "polite(output" in plain.usage
    assert "It has no docstring." in gallery.described(plain)
    with pytest.raises(InputError, match="nothere"):
        gallery.find("python:my_scorers:nothere")


def test_gold_is_refused() -> None:
    assert build_scorer("python:distance:distance").refuses_gold(Example("1", {}, "far")) is not None


@pytest.mark.parametrize(
    ("name", "said", "made"),
    [
        ("careful", "Hi you\n\nBe careful.", 5),
        ("second_opinion", "A draft: ", 2),
        ("longer", "Hi you", 4),
    ],
)
def test_techniques_and_models(name: str, said: str, made: int) -> None:
    [spec] = [each for each in written("-t") if f":{name}" in each]
    spec = spec.replace("pocket/tiny", "echo").replace("$question", "$x")
    techniques = parse_techniques(spec)
    program = compose(from_text("Hi {{x}}", name="p"), techniques, Context(extractor=extractor.text()))

    async def main() -> tuple[Output, int]:
        gateway, trace = Gateway(base_dir=Path.cwd()), Trace()
        found = await program({"x": "you"}, LM(gateway, gateway.channel("python:my_models:echo"), trace))
        return found, len(trace.calls)

    output, calls = asyncio.run(main())
    assert said in output.text
    assert calls == made == calls_per_outcome(techniques)


KINDS: list[tuple[Registry[Any], str, str]] = [
    (scorer, "distance", "distance:distance"),
    (extractor, "hashtag", "hashtag:hashtag"),
    (verifier, "at_most_lines", "my_verifiers:at_most_lines"),
    (technique, "longest", "my_techniques:longest"),
    (providers, "shouting", "shouting:shouting"),
]


@pytest.mark.parametrize(("registry", "name", "value"), KINDS)
def test_entry_points(registry: Registry[Any], name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f'[project.entry-points."{registry.group}"]\n{name} = "my_package.' in DOC
    monkeypatch.syspath_prepend(str(Path.cwd()))
    monkeypatch.delitem(sys.modules, value.split(":")[0], raising=False)
    monkeypatch.setattr(registry, "_entry_points", lambda: [EntryPoint(name, value, registry.group)])
    registry.entries.pop(name, None)
    try:
        assert name in registry.names()
        assert registry.find(name).name == name
        assert registry.build(f"{name}/x" if registry is providers else name) is not None
    finally:
        registry.entries.pop(name, None)


def test_the_gallery_knows_every_kind_that_can_be_added() -> None:
    groups = set(re.findall(r'entry-points\."(scansion\.\w+)"', DOC)) | {sandbox.group}
    assert {kind.registry.group for kind in gallery.KINDS.values()} == groups
