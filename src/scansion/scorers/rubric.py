"""A judge model holds the output against a rubric of one's own."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from scansion.errors import InputError
from scansion.scorers._base import Extractor, scorer
from scansion.scorers._function import Asked
from scansion.scorers._judge_prompt import JudgePrompt, read_judge_prompt
from scansion.scorers._judged import asked_with, judge_model, reasons_of
from scansion.scorers._judging import question_of, turns
from scansion.scorers._rubric import RubricFile, read_rubric, write_rubric
from scansion.scorers._rubric_forms import TASK, form_of
from scansion.scorers._texts import as_text
from scansion.scorers._verdicts import Scale, label_reader, read
from scansion.specs import Spec, folder
from scansion.types import Completion, Example, Output, Score, hexdigest

__all__ = ["RubricFile", "judged_by", "read_rubric", "rubric", "verdict_of", "write_rubric"]

_FILES = (".md", ".txt")
_VERDICT = label_reader(["pass", "fail"], "line")


@scorer("rubric")
def rubric(
    file: str | list[str] | None = None,
    model: str | None = None,
    target: bool = True,
    scale: str | int | None = None,
    passing: int | None = None,
    prompt: str | None = None,
    verdicts: list[str] | None = None,
    by: Extractor | None = None,
) -> Asked:
    """What a judge finds of the output by a rubric: 1 if it is met, else 0; with a `scale` a mark, put from 0 to 1.

    `file` is a text file with the rubric, a short rubric itself, or a list of short criteria: then the judge speaks of
    each, and the score is the mean. The judge `model` sees the rubric, what the output answers, the output, and the
    row's target as a reference (`target=false` hides it). Without `model` it is the one that a drafted rubric was
    measured with, else the model of the variant itself. The judge gives its reasons first and then its verdict; a reply
    that does not end in one, gives two different ones or is cut off is unscored as `judge unreadable`.

    With `scale=1..5` the judge gives a whole number, and the score of 4 is 0.75; outputs below the mark `passing` are
    wrong (by default all below the best). A `prompt` file of one's own asks in its own words: it shows `{{ output }}`,
    and where it likes `{{ rubric }}`, `{{ asked }}`, `{{ target }}`, `{{ inputs }}` and columns by their names.
    `verdicts` are the words that it asks for, met and not met, such as `[yes, no]` (without it `[pass, fail]`); `by`
    reads verdict or mark in a way of your own.

    `scansion rubric` drafts such a file from marked outcomes and measures how far the judge agrees with the person. A
    drafted rubric that was edited since must be measured again before it is used.

    After Zheng et al. 2023, Judging LLM-as-a-Judge (arXiv 2306.05685), reference-guided grading of a single answer, and
    Liu et al. 2023, G-Eval (arXiv 2303.16634), reasons before marks.

    Example: `rubric("Is the reply polite, and does it answer the question?", model=openai/gpt-5-mini)`
    """
    plain = all(each is None for each in (scale, passing, prompt, verdicts, by))
    if plain and isinstance(file, str):
        made = judged_by(_found(file), model, target=target, source=not _is_text(file))
        return structs.replace(made, known_as=Spec("rubric", (file, model, target)).written("identity"))
    _check(file, scale, passing, prompt, verdicts, by)
    marks = Scale.parse(scale) if scale is not None else None
    given = [_found(file)] if isinstance(file, str) else [RubricFile(each.strip()) for each in file or [""]]
    form = form_of([each.text for each in given], marks, verdicts or ["PASS", "FAIL"], by)
    own = read_judge_prompt(prompt, ("output", "rubric") if file else ("output",)) if prompt is not None else None
    models = judge_model(model or given[0].judge, own)
    text = given[0].text if len(given) == 1 else "\n".join(f"{i}. {each.text}" for i, each in enumerate(given, 1))

    async def rate(output: Output, example: Example, lm: Any) -> Score:
        shown = (
            _own_question(own, text, output, example, lm)
            if own
            else _question(text, output, example, target, form.task, lm)
        )
        return form.score(await asked_with(lm, models)(shown))

    return Asked(
        rate,
        columns=own.columns(("rubric",)) if own is not None else (),
        needs_target=own is not None and own.needs_target,
        pass_mark=marks.share(passing) if marks is not None and passing is not None else 1.0,
        models=models,
        source=hexdigest(text, models, own.prompt.version if own is not None else None),
    )


def _check(file: Any, scale: Any, passing: int | None, prompt: Any, verdicts: Any, by: Any) -> None:
    """Raise InputError for arguments that do not go together."""
    marks = Scale.parse(scale) if scale is not None else None
    if not file and prompt is None:
        raise InputError("rubric: say what makes an output right, as a text, a file or a list; or give a prompt=FILE")
    if isinstance(file, list) and not (all(each.strip() for each in file) and len(set(file)) == len(file)):
        raise InputError("rubric: a criterion is empty, or given twice")
    if passing is not None and marks is None:
        raise InputError(f"rubric: passing={passing} is a mark of a scale; say which with scale=1..5")
    if passing is not None and marks is not None and not marks.low < passing <= marks.high:
        raise InputError(f"rubric: passing={passing} must be a mark of scale={scale} above its worst")
    if verdicts is not None and (prompt is None or marks is not None or len(verdicts) != 2):
        raise InputError("rubric: verdicts are two words, met and not met, that a prompt=FILE without a scale asks for")
    if by is not None and (prompt is None or isinstance(file, list)):
        raise InputError("rubric: by reads the one verdict that a prompt=FILE of your own asks for")


def _found(file: str) -> RubricFile:
    """The rubric that is named or stands there. Raises InputError for one that was edited since it was measured."""
    if not file.strip():
        raise InputError("rubric: the text is empty; say what makes an output right, or name a file")
    if _is_text(file):
        return RubricFile(file.strip())
    if not file.lower().endswith(_FILES) and not (folder() / file).exists():
        raise InputError(
            f"rubric {file!r}: there is no such file, and a text needs more than one word; "
            f"write a sentence, or a list: {Spec('rubric', ([file],)).text}"
        )
    found = read_rubric(folder() / file, file)
    if found.drafted and not found.measured:
        raise InputError(
            f"rubric {file!r} was edited since its agreement was measured; `scansion rubric RUN --check {file}` does it"
        )
    return found


def _is_text(file: str) -> bool:
    """Whether what should name a file is a rubric of several words itself."""
    return len(file.split()) > 1 and not file.lower().endswith(_FILES) and not (folder() / file).is_file()


def judged_by(found: RubricFile, model: str | None = None, *, target: bool = True, source: bool = True) -> Asked:
    """The scorer of a rubric that was read already; `source` makes its text part of the scorer's identity."""
    judge = model or found.judge
    models = judge_model(judge, None)

    async def rate(output: Output, example: Example, lm: Any) -> Score:
        question = _question(found.text, output, example, target, TASK, lm)
        return verdict_of(await asked_with(lm, models)(question))

    return Asked(rate, source=hexdigest(found.text, judge) if source else "", models=models)


def verdict_of(reply: Completion) -> Score:
    """The judge's verdict with its reasons. Raises Unscored (`judge unreadable`) unless the reply ends in one."""
    said = read(reply, _VERDICT)
    return Score(float(said == "pass"), None, reasons_of(reply), said)


def _question(text: str, output: Output, example: Example, target: bool, task: str, lm: Any) -> list[dict[str, str]]:
    reference = as_text(example.target) if target and example.target is not None else ""
    asked = question_of(output, example, lm)
    parts = {"rubric": text, "asked": asked, "reference": reference, "output": output.text}
    return turns(task, {name: body for name, body in parts.items() if body or name == "output"})


def _own_question(own: JudgePrompt, text: str, output: Output, example: Example, lm: Any) -> Any:
    return own.about(output, example, {"rubric": text}, lm).render()
