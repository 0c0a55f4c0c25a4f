"""Scansion under pytest: the gates of experiments as tests, and a fixture for tests of one's own.

    pytest --scansion experiment.yaml          a test for each of its gates, beside the other tests
    pytest --scansion experiment.yaml -m scansion      these alone

    def test_it_counts(scansion):
        scansion.check("prompts/count.prompty", {"text": "a b c"}, "numeric", target=3, model="replay:calls.jsonl")

pytest loads this module through its entry point in every session, so it imports nothing of Scansion until an option or
the fixture asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scansion.experiments.plan import Plan
    from scansion.experiments.results import OutcomeView, RunResult

__all__ = ["Checked", "Checker", "GateFailed"]

_COMPLETE = "complete"
_LONGEST = 2_000  # characters of an output in a failure


class GateFailed(AssertionError):
    """A gate of an experiment did not hold; the message is what a person reads."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--scansion`."""
    parser.getgroup("scansion").addoption(
        "--scansion",
        metavar="PLAN",
        action="append",
        default=[],
        help="an experiment file whose gates are tests; repeatable",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker of the gates' tests."""
    config.addinivalue_line("markers", "scansion: gates of the experiments given with --scansion")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Adds the gates' tests to what was collected, before `-k` and `-m` choose among it."""
    for name in config.getoption("--scansion"):
        path = config.invocation_params.dir / name
        items.extend(PlanFile.from_parent(session, path=path).collect())


class PlanFile(pytest.File):
    """An experiment file: run once, when its first test is; what the lab holds is not asked again."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test that the run is complete, and one for each gate. Raises UsageError for a plan that cannot be read."""
        names = [_COMPLETE, *self.plan.gates]
        return (GateItem.from_parent(self, name=name) for name in names)

    @cached_property
    def plan(self) -> Plan:
        """The plan in the file."""
        from scansion.errors import InputError
        from scansion.experiments.plan import load_plan

        try:
            return load_plan(self.path)
        except InputError as error:
            raise pytest.UsageError(f"--scansion: {error}") from None

    @property
    def result(self) -> RunResult:
        """The figures of the run, made once. Raises InputError for what is wrong with the plan."""
        if isinstance(self._ended, Exception):
            raise self._ended
        return self._ended

    @cached_property
    def _ended(self) -> RunResult | Exception:
        """The figures, or what was raised in their place: every gate says it, and nothing is run for it again."""
        from scansion.experiments.runner import run

        try:
            return run(self.plan, lab=_lab(self.config.rootpath))
        except Exception as error:
            return error


def _lab(root: Path) -> Path:
    """The folder of the nearest lab upwards from pytest's root, or of a new one there."""
    from scansion.experiments.lab import FOLDER, Lab

    return Lab.nearest(root) or root / FOLDER


class GateItem(pytest.Item):
    """One gate of an experiment, or that its run is complete."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_marker("scansion")

    def runtest(self) -> None:
        """Fails with the run's table where the gate did not hold. Raises GateFailed."""
        file = self.getparent(PlanFile)
        if file is None:
            raise AssertionError("a gate has a plan")
        found = _broken(file.result, self.name)
        if found:
            from scansion.report.table import render

            raise GateFailed(f"{found}\n\n{render(file.result)}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The gate and the table, without a traceback; a user's error as its one line."""
        from scansion.errors import ScansionError

        if isinstance(excinfo.value, GateFailed | ScansionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test stands: the plan's file, under the gate's name."""
        return self.path, None, f"{self.path.name}: {self.name}"


def _broken(result: RunResult, name: str) -> str:
    """What is wrong with a gate in a sentence; empty where it held."""
    if name == _COMPLETE:
        errors, unreached = (sum(getattr(v, what) for v in result.variants) for what in ("errors", "unreached"))
        whole = result.complete and not errors and not unreached
        return "" if whole else f"the run is not complete: {errors} errors, {unreached} unreached"
    gate = next(g for g in result.gates if g.rule == name)
    return "" if gate.held else f"gate NOT held: {gate.rule}" + (f" ({gate.detail})" if gate.detail else "")


class Checked:
    """What one row gave: the output's `text`, the `answer` read from it, the `score`, and all of it as `view`."""

    def __init__(self, view: OutcomeView) -> None:
        self.view = view
        self.text = view.output.text if view.output is not None else ""
        first = next(iter(view.scores.values()), None)
        self.score = first.value if first is not None else None
        self.answer = first.answer if first is not None else None


class Checker:
    """The fixture `scansion`: runs and checks in the project's lab, relative paths taken from pytest's root.

    The lab is the nearest one upwards from there, or else a new one there; `lab=` names another.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, plan: Any = None, **settings: Any) -> RunResult:
        """What `scansion.run` does: a plan or its file, or a plan's fields."""
        from scansion.experiments.runner import run

        settings.setdefault("lab", _lab(self.root))
        if plan is None:
            settings.setdefault("base_dir", str(self.root))
        return run(self.root / plan if isinstance(plan, str) else plan, **settings)

    def check(
        self, prompt: Any, inputs: Mapping[str, Any], scorer: Any, *, target: Any = None, **settings: Any
    ) -> Checked:
        """Ask `prompt` about one row and hold the output against `scorer`; gives back what came.

        `settings` are fields of a plan, such as `models=` (or `model=`) and `techniques=`. Raises AssertionError, with
        the output in it, unless the output is scored and right.
        """
        __tracebackhide__ = True
        return self.check_all(prompt, [{"inputs": dict(inputs), "target": target}], scorer, **settings)[0]

    def check_all(self, prompt: Any, rows: Sequence[Mapping[str, Any]], scorer: Any, **settings: Any) -> list[Checked]:
        """`check` for several rows, each `{"inputs": {...}, "target": ...}`, in one run. Raises AssertionError that
        names every row which is not right."""
        __tracebackhide__ = True
        from scansion.experiments.lab import Lab

        if "model" in settings:
            settings["models"] = settings.pop("model")
        data = [{"id": f"row {i}", **row} for i, row in enumerate(rows, 1)]
        result = self.run(prompts=[prompt], data=data, scorers=[scorer], name="pytest", **settings)
        with Lab.find(settings.get("lab") or _lab(self.root), create=False) as lab:
            views = list(lab.views(result.run))
        wrong = [_why(view) for view in views if view.status != "scored" or view.wrong]
        if wrong or not views:
            raise AssertionError("\n\n".join(wrong) or "nothing was asked")
        return [Checked(view) for view in views]


def _why(view: OutcomeView) -> str:
    """Why an outcome is not right, with what was given and what came."""
    from scansion.report.plain import mark, score_text, value_text
    from scansion.report.text import one_line, visible

    lines = [f"{one_line(view.example.id)}: {one_line(mark(view))}" + (f": {view.message}" if view.message else "")]
    lines += [f"  {name}: {one_line(value_text(value))}" for name, value in view.example.inputs.items()]
    if view.example.target is not None:
        lines.append(f"  target: {one_line(value_text(view.example.target))}")
    if view.output is not None:
        lines += ["  output:", *(f"    {line}" for line in visible(view.output.text[:_LONGEST]).split("\n"))]
    return "\n".join([*lines, *(f"  {score_text(name, score)}" for name, score in view.scores.items())])


@pytest.fixture
def scansion(request: pytest.FixtureRequest) -> Checker:
    """Runs experiments and checks single outputs: `scansion.run(...)`, `scansion.check(prompt, inputs, scorer)`."""
    return Checker(request.config.rootpath)
