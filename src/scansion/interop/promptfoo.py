"""A promptfoo configuration as an experiment of our own: run as it stands, or written as a project.

    project = load("promptfooconfig.yaml")
    scansion.run(project.plan())
    project.write("my-project")

What has no equal here (programs, transforms, a few kinds of assertion) is left out and named in `project.skipped`.
Source: promptfoo, configuration (https://www.promptfoo.dev/docs/configuration/guide/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from scansion.data import Dataset, DataSpec
from scansion.data.memory import Memory
from scansion.errors import InputError
from scansion.experiments.plan import Plan, VariantSpec, make_plan
from scansion.interop.promptfoo_config import Config, is_config, mapping, read_config, repeats
from scansion.interop.promptfoo_files import expand_all, load_value, named
from scansion.interop.promptfoo_prompts import PromptFile, fillable, read_prompts
from scansion.interop.promptfoo_providers import Provider, read_providers
from scansion.interop.promptfoo_tests import numbered, read_cases, row_of
from scansion.scorers._assertions import LEFT_OUT, every

__all__ = ["LEFT", "Project", "is_config", "load", "open_project", "project_of"]


LEFT = "not carried over, or changed"
"""What is said of the lines in `Project.skipped`."""

_NO_MODEL = "no provider is left"


class Project(Struct, frozen=True):
    """An experiment read from another tool: prompts, models, rows with their assertions, and what was left out.

    `variants` (name, prompt's name, model) stand in place of every prompt with every model where not all go together
    or where they have names of their own. `skipped` are lines for a person; `variables` are those of the environment
    whose values stand in what was read.
    """

    name: str
    source: str
    folder: str
    prompts: tuple[PromptFile, ...]
    models: tuple[str, ...]
    variants: tuple[tuple[str, str, str], ...]
    rows: tuple[dict[str, Any], ...]
    scorers: tuple[str, ...]
    trials: int = 1
    skipped: tuple[str, ...] = ()
    recording: tuple[dict[str, Any], ...] = ()
    variables: tuple[str, ...] = ()

    def plan(self, **overrides: Any) -> Plan:
        """The plan of this experiment, with `overrides` (fields of Plan; None is ignored) in place of what it says.

        Raises InputError for overrides that make no sense, and where no model is left to ask.
        """
        given = {key: value for key, value in overrides.items() if value is not None}
        if not self.models and not given.keys() & {"prompts", "models", "variants"}:
            said, _, place = next(line for line in self.skipped if line.startswith(_NO_MODEL)).rpartition(": ")
            raise InputError(f"{place}: {said}")
        fields: dict[str, Any] = {
            "name": self.name,
            "base_dir": self.folder,
            "data": self.dataset(),
            "scorers": self.scorers,
            "trials": self.trials,
            "notes": (f"{self.source}, {LEFT}:", *(f"- {line}" for line in self.skipped)) if self.skipped else (),
        }
        if self.variants and not given.keys() & {"prompts", "models", "variants"}:
            techniques = given.pop("techniques", ["as-is"])
            by_name = {p.name: p.prompt for p in self.prompts}
            fields["variants"] = [
                VariantSpec(by_name[prompt], name if len(techniques) == 1 else f"{name} | {t}", t, model)
                for name, prompt, model in self.variants
                for t in techniques
            ]
        else:
            fields |= {"prompts": [p.prompt for p in self.prompts], "models": self.models}
        return make_plan(**{**fields, **given})

    def dataset(self) -> Dataset:
        """The rows as a data set that is called by the configuration's name."""
        rows = Memory(self.rows)
        rows.label = self.source
        return Dataset(rows, DataSpec(self.source), None)

    def write(self, folder: str | Path) -> list[Path]:
        """Write the project as files that `scansion run experiment.yaml` runs; the paths written.

        Raises InputError, with nothing written, where one of the files is there already.
        """
        from scansion.interop.promptfoo_write import write_project

        return write_project(self, Path(folder))


def load(path: str | Path) -> Project:
    """The experiment in a promptfoo configuration (YAML or JSON). Raises InputError with file and line."""
    config = read_config(path)
    default = _default(config)
    options = mapping(default.get("options"), config.where.at("defaultTest"), "options of defaultTest")
    around = (str(options.get("prefix") or ""), str(options.get("suffix") or ""))
    prompts, providers = read_prompts(config, around), read_providers(config)
    rows = [row for case in read_cases(config) for row in row_of(case, default, config)]
    return project_of(config, prompts, providers, rows, grader=options.get("provider"))


def open_project(path: str | Path) -> Project:
    """The experiment in a configuration, or in the results that promptfoo wrote of one: then with a recording of the
    outputs for model. Raises InputError for a file that is neither."""
    from scansion.interop.promptfoo_results import is_results

    if is_config(path):
        return load(path)
    if is_results(path):
        from scansion.interop.promptfoo_recorded import load_results

        return load_results(path)
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; give a promptfoo configuration, or results of promptfoo eval -o")
    raise InputError(f"{path}: neither a promptfoo configuration (prompts, providers, tests) nor results of promptfoo")


def project_of(
    config: Config,
    prompts: Sequence[PromptFile],
    providers: Sequence[Provider],
    rows: list[dict[str, Any]],
    grader: Any = None,
) -> Project:
    """The project of what was read. `rows` are those of `row_of`."""
    _complete(rows, prompts, config)
    prompts = fillable(prompts, rows, config.skips)
    if not prompts:
        raise InputError(f"{config.where.at('prompts')}: no prompt can be used; {config.skips.lines()[-1]}")
    trials = repeats(config)
    variants, models = _variants(prompts, providers, config)
    return Project(
        name=Path(config.where.file).stem,
        source=Path(config.where.file).name,
        folder=str(config.folder),
        prompts=tuple(prompts),
        models=models,
        variants=variants,
        rows=tuple(numbered(rows)),
        scorers=_scorers(rows, models, grader, config),
        trials=trials,
        skipped=tuple(config.skips.lines()),
        variables=tuple(sorted(config.skips.variables)),
    )


def _default(config: Config) -> Mapping[str, Any]:
    """The defaultTest; it may stand in a file of its own."""
    default = config.values.get("defaultTest")
    path = named(default)
    if path is not None:
        default = load_value(expand_all(path, config.folder, config.where.at("defaultTest"))[0])
    if default is not None and not isinstance(default, dict):
        raise InputError(f"{config.where.at('defaultTest')}: defaultTest must be a mapping, as a test is")
    for key in ("provider", "providers", "prompts", "assertScoringFunction"):
        if default and default.get(key):
            config.skips.add(f"{key} of a test", config.where.at("defaultTest", key))
    options = mapping((default or {}).get("options"), config.where.at("defaultTest"), "options of defaultTest")
    for key, value in options.items():
        if value and key not in ("provider", "prefix", "suffix", "disableVarExpansion", "rubricPrompt"):
            config.skips.add(f"options.{key} of a test", config.where.at("defaultTest", "options", key))
    return default or {}


def _complete(rows: list[dict[str, Any]], prompts: Sequence[PromptFile], config: Config) -> None:
    """Give every row every variable that a prompt shows: what a test does not set is empty, as promptfoo leaves it."""
    for variable in dict.fromkeys(v for p in prompts for v in p.prompt.variables):
        lacking = [row for row in rows if variable not in row["inputs"]]
        for row in lacking:
            row["inputs"][variable] = ""
        if lacking:
            n = "every test" if len(lacking) == len(rows) else f"{len(lacking)} of {len(rows)} tests"
            config.skips.add(f"{variable} has no value in {n} and is left empty", config.where.at("prompts"))


def _variants(
    prompts: Sequence[PromptFile], providers: Sequence[Provider], config: Config
) -> tuple[tuple[tuple[str, str, str], ...], tuple[str, ...]]:
    """The variants by name where the plain product does not say it, and the models. Raises InputError where no
    provider has a prompt left."""
    providers = _with_prompt(providers, prompts, config)
    models = tuple(dict.fromkeys(p.spec for p in providers))
    if not models:
        skipped = config.skips.lines()
        why = f" ({'; '.join(line for line in skipped if line.startswith('provider'))})" if skipped else ""
        config.skips.add(f"{_NO_MODEL}; name a model with -m{why}", config.where.at("providers"))
    if not any(p.label or p.prompts is not None for p in providers):
        return (), models
    found: list[tuple[str, str, str]] = []
    for provider in providers:
        label = provider.label or provider.spec
        for prompt in _fitting(provider, prompts):
            name = f"{prompt.name} | {label}" if len(prompts) > 1 else label
            found.append((name if len(providers) > 1 else prompt.name, prompt.name, provider.spec))
    return tuple(found), models


def _with_prompt(providers: Sequence[Provider], prompts: Sequence[PromptFile], config: Config) -> list[Provider]:
    """The providers that have a prompt left to ask; others are noted."""
    found = [provider for provider in providers if _fitting(provider, prompts)]
    for provider in providers:
        if provider not in found:
            what = f"provider {provider.label or provider.spec} (none of the prompts it is kept to is left)"
            config.skips.add(what, provider.where or config.where.file)
    if providers and not found:
        place = providers[0].where or config.where.file
        raise InputError(f"{place}: no provider has a prompt left to ask; {'; '.join(config.skips.lines())}")
    return found


def _fitting(provider: Provider, prompts: Sequence[PromptFile]) -> list[PromptFile]:
    """The prompts that a provider is asked."""
    return [p for p in prompts if provider.prompts is None or _allowed(p, provider.prompts)]


def _allowed(prompt: PromptFile, names: Sequence[str]) -> bool:
    return any(n in prompt.calls or (n.endswith("*") and prompt.name.startswith(n[:-1])) for n in names)


def _scorers(rows: list[dict[str, Any]], models: Sequence[str], grader: Any, config: Config) -> tuple[str, ...]:
    """The scorers: the assertions, their mean where it says more, and each metric that is named."""
    if not any(row["assert"] for row in rows):
        return ()
    column = "assertions" if any("assert" in row["inputs"] for row in rows) else "assert"
    said = [one for row in rows for one in every(row["assert"]) if one["type"] != LEFT_OUT or "recorded" in one]
    judge = ""
    if any(str(a["type"]).endswith("llm-rubric") and "provider" not in a for a in said) and models:
        judge = models[0]
        what = f"llm-rubric names no provider and is judged by {judge}; name one in defaultTest.options.provider"
        config.skips.add(what, config.where.at("defaultTest") if not grader else config.where.file)
    from scansion.specs import Column, Spec

    base = {**({} if column == "assert" else {"column": Column(column)}), **({"judge": judge} if judge else {})}
    graded = any(a.get("weight", 1) != 1 or "threshold" in a for a in said if a["type"] not in ("latency", "cost"))
    metrics = dict.fromkeys(str(a["metric"]) for a in said if a.get("metric"))
    specs = [base, *([{**base, "give": "score"}] if graded else []), *({**base, "metric": m} for m in metrics)]
    return tuple(Spec("assertions", (), spec).text for spec in specs)
