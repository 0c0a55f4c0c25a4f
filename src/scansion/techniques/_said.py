"""What steps said, in `data["steps"]`, and the transcript of an output whose text no model wrote as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from scansion.models.base import joined
from scansion.scorers import Extractor
from scansion.techniques._answers import answer_text
from scansion.techniques._steps import Step
from scansion.techniques._transcript import replied
from scansion.types import Output

__all__ = ["answer_of", "entries", "finished", "given_by", "texts_of", "with_text"]


def entries(name: str, output: Output, step: Step | None = None, **fields: Any) -> list[dict[str, Any]]:
    """The entries of a step: those of steps within it, called `name/inner`, and its own. An entry names the model
    where the step has one of its own, why the text is not all that there was, where it was cut off, and in `data` what
    the step's techniques add (such as `votes`)."""
    within = [{**each, "step": f"{name}/{each.get('step', '')}"} for each in output.data.get("steps", ())]
    models = step.models if step is not None else ()
    own: dict[str, Any] = {"step": name, "text": output.text}
    own |= {"model": models[0]} if len(models) == 1 else {}
    own |= {"finish_reason": output.finish_reason} if output.finish_reason not in (None, "stop") else {}
    added = {key: value for key, value in output.data.items() if key not in _APART}
    own |= {"data": added} if added else {}
    return [*within, {**own, **fields}]


_APART = ("steps", "inputs", "shots", "shots_at", "shots_text")
"""What is put together for all steps."""


def finished(output: Output, said: Sequence[Mapping[str, Any]], others: Sequence[Output] = (), **data: Any) -> Output:
    """The last step's output with what all said, and with the shots that it and the `others` were shown."""
    kept = {name: value for name, value in output.data.items() if name != "steps"}
    if any(each.data.get("shots") for each in others):
        kept = _with_shots(kept, [*others, output])
    steps = [*said[:-1], *(_briefer(each, kept) for each in said[-1:])]
    return msgspec.structs.replace(output, data={**kept, **data, "steps": steps})


def _briefer(entry: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without what stands in the data of the whole."""
    left = {name: value for name, value in entry.get("data", {}).items() if name not in data or data[name] != value}
    plain = {name: value for name, value in entry.items() if name != "data"}
    return {**plain, "data": left} if left else plain


def _with_shots(data: Mapping[str, Any], outputs: Sequence[Output]) -> dict[str, Any]:
    """The data with the shots of all these outputs: not all of them stand in the transcript of the last one."""
    shown: dict[str, str] = {}
    for each in outputs:
        ids = each.data.get("shots", ())
        shown |= dict(zip(ids, _shot_texts(each, len(ids)), strict=False))
    kept = {name: value for name, value in data.items() if name != "shots_at"}
    return {**kept, "shots": list(shown), "shots_text": list(shown.values())}


def _shot_texts(output: Output, count: int) -> list[str]:
    if "shots_text" in output.data:
        return list(output.data["shots_text"])
    at, messages = output.data.get("shots_at"), output.messages
    if not isinstance(at, int) or isinstance(messages, str):
        return [""] * count
    turns = [joined(message.content) for message in messages[at : at + 2 * count]]
    return ["\n".join(turns[i : i + 2]) for i in range(0, 2 * count, 2)]


def with_text(asked: Output, output: Output) -> Output:
    """`output`, which has no transcript, with that of `asked`: its text in the place of the reply there. What was cut
    off there is so still."""
    reason = output.finish_reason or asked.finish_reason
    return msgspec.structs.replace(output, messages=replied(asked, output.text), finish_reason=reason)


def answer_of(output: Output, read: Extractor | None) -> Any:
    """The answer that the program set, else what `read` finds; None for none."""
    return output.answer if output.answer is not None or read is None else read(output.text)


def given_by(name: str, step: Step, output: Output, read: Extractor | None) -> dict[str, Any]:
    """What later steps are given by this one: the texts of the steps within it, its own by its name and as `previous`,
    and its answer (a text, empty for none). A file called `answer` takes none of these two away."""
    answer = answer_of(output, read)
    within = {inner: text for inner, text in texts_of(output).items() if inner in step.gives}
    known = {"previous": output.text, "answer": "" if answer is None else answer_text(answer)}
    return {**within, name: output.text, **known}


def texts_of(output: Output) -> dict[str, str]:
    """The last text of each step of an output, by its own name."""
    steps = output.data.get("steps", ())
    return {str(each.get("step", "")).rpartition("/")[2]: str(each.get("text", "")) for each in steps}
