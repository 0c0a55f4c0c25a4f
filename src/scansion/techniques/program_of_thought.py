"""Program of thoughts: the model writes a program, and what that computes is the answer."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from scansion.errors import InputError, Unscored
from scansion.sandbox import Limits, Ran, Sandbox, build_sandbox
from scansion.scorers._code import program_in
from scansion.specs import folder
from scansion.techniques._algebra import Context, Edit, Program, Wrap, technique
from scansion.techniques._transcript import further, with_reply
from scansion.techniques._way_out import says
from scansion.types import Output

__all__ = ["program_of_thought"]

_CUE = "Write a short Python program that computes the answer. Store the result in the variable answer."
_AGAIN = "That program did not give an answer: {error}. Write the whole program again, corrected."
_NAMES = ("ans", "answer")
_FUNCTIONS = ("solution", "solver", "solve")


@technique("program_of_thought", "pot", "pal", "program_of_thoughts")
def program_of_thought(
    cue: str = _CUE,
    sandbox: Sandbox | None = None,
    variable: str | None = None,
    prelude: str | None = None,
    retry: int = 0,
    seconds: float = 5.0,
) -> Edit:
    """Asks for a Python program, runs it in a sandbox, and takes what it computes for the answer.

    `cue` goes to the end of the prompt (on a completion prompt too); an empty one leaves the prompt as it is, for one
    that asks by itself. The program is the last block of Python in the reply, or all of it. Its answer is the value of
    `variable`; without one that of `ans` or `answer`, else of a function `solution`, `solver` or `solve` that takes
    nothing, else of the last line, else the last line that it printed. A list of one is its one member. `sandbox` is
    where it runs (monty where none is given), `seconds` at most; `prelude` is a file of Python that goes before each
    program: what the prompt promises, or begins. With `retry` a program that gives no answer goes back with its error,
    so many times. A reply whose program gives none is unscored (`no answer`). In `abstain |
    program_of_thought` a reply that is the way out instead of a program abstains, and so does a program that gives it.

    One call, and up to `retry` more. The text is the reply; `data` holds `program`, `ended` (`done`), `printed` and
    `steps`: each program (`program`), its error where it is asked again (`error`), and the answer (`result`). Errors:
    InputError where the sandbox is not to be had.

    Follows Chen et al. 2022, Program of Thoughts Prompting (arXiv 2211.12588), and Gao et al. 2022, PAL:
    Program-aided Language Models (arXiv 2211.10435).

    Example: `program_of_thought(sandbox=monty, retry=1)`
    """
    if retry < 0:
        raise InputError(f"program_of_thought: retry is {retry}; give 0 or more")
    if variable is not None and not variable.isidentifier():
        raise InputError(f"program_of_thought: variable is {variable!r}; give the name of a variable, such as answer")
    if seconds <= 0:
        raise InputError(f"program_of_thought: seconds is {seconds:g}; give more than 0")
    before = _read(prelude)
    place = sandbox or build_sandbox("monty")
    solver = _Solver(place, Limits(seconds=seconds), before, variable, retry)
    source = blake2b(before.encode(), digest_size=8).hexdigest() if prelude is not None else ""
    return Edit(
        lambda prompt, _context: prompt.with_cue(cue) if cue else prompt,
        then=Wrap(solver.wrap, plus=retry, fewer=retry > 0),
        source=source,
    )


def _read(prelude: str | None) -> str:
    if prelude is None:
        return ""
    try:
        return (folder() / prelude).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(f"program_of_thought: prelude {prelude!r} cannot be read: {why}") from None


class _Solver(Struct, frozen=True):
    """How programs are run, and how often a model may try."""

    place: Sandbox
    limits: Limits
    prelude: str
    variable: str | None
    retry: int

    def wrap(self, program: Program, context: Context) -> Program:
        """The program that runs what `program` wrote. Raises InputError where the sandbox is not to be had."""
        self.place.ready()

        async def run(inputs: Mapping[str, Any], lm: Any) -> Output:
            output = await program(inputs, lm)
            steps: list[dict[str, Any]] = list(output.data.get("steps", ()))
            for left in range(self.retry, -1, -1):
                code = program_in(output.text) if self.prelude else _tidy(program_in(output.text))
                ran = await self._ran(code)
                steps.append({"step": "program", "text": code})
                answer = _answer(ran)
                if answer is not None:
                    return _answered(output, answer, code, ran, steps)
                if _takes_way_out(output, output.text):
                    return msgspec.structs.replace(output, data={**output.data, "abstained": True, "steps": steps})
                if left:
                    steps.append({"step": "error", "text": _error(ran)})
                    output = await _again(output, _error(ran), context, lm)
            raise Unscored("no answer", f"the program gives none ({ran.ended}): {_error(ran)}")

        return run

    async def _ran(self, code: str) -> Ran:
        whole = f"{self.prelude}{code}"
        return await self.place.run(whole, value=self.variable or _asked_for(whole), limits=self.limits)


def _tidy(code: str) -> str:
    """A program that begins at the margin: a completion often begins with a space."""
    first, _, rest = textwrap.dedent(code).strip("\n").partition("\n")
    return f"{first.strip()}\n{rest}" if rest else first.strip()


def _asked_for(code: str) -> str | None:
    """The expression that holds the answer of a program, None where its last line or what it prints does."""
    for name in _NAMES:
        if re.search(rf"^{name}[ \t]*(?::[^=\n]+)?(?:[-+*/%]|//|\*\*)?=(?!=)", code, re.MULTILINE):
            return name
    for name in _FUNCTIONS:
        if re.search(rf"^def {name}\(\s*\)", code, re.MULTILINE) and not _uses(name, code):
            return f"{name}()"
    return None


def _uses(name: str, code: str) -> bool:
    """Whether a program calls the function by itself, at the top."""
    return re.search(rf"^(?!def )[^\s#].*\b{name}\(", code, re.MULTILINE) is not None


def _answer(ran: Ran) -> Any:
    """What the program computed, None where nothing."""
    if ran.ended != "done":
        return None
    value = ran.value
    while isinstance(value, list | dict) and len(value) == 1:
        value = value[0] if isinstance(value, list) else next(iter(value.values()))
    if value is None or value in ("", [], {}):
        printed = [line.strip() for line in ran.printed.splitlines() if line.strip()]
        value = printed[-1] if printed else None
    return value


def _answered(output: Output, answer: Any, code: str, ran: Ran, steps: list[dict[str, Any]]) -> Output:
    """The reply with what its program computed, which may be the way out that the prompt offered."""
    apart = ("abstained", "extractor")
    data = {name: value for name, value in output.data.items() if name not in apart}
    data |= {"program": code, "ended": ran.ended, "printed": ran.printed}
    data["steps"] = [*steps, {"step": "result", "text": str(answer)}]
    if _takes_way_out(output, str(answer)):
        return msgspec.structs.replace(output, answer=None, data={**data, "abstained": True})
    return msgspec.structs.replace(output, answer=answer, data=data)


def _takes_way_out(output: Output, text: str) -> bool:
    word = output.data.get("way_out")
    return isinstance(word, str) and says(word, text)


def _error(ran: Ran) -> str:
    return ran.error or "it has no value and prints nothing"


async def _again(output: Output, error: str, context: Context, lm: Any) -> Output:
    """The reply of the model that is shown its program's error."""
    ask = _AGAIN.format(error=error.replace("\n", " ").rstrip("."))
    request = further("program_of_thought", output.messages, ask, f"\n\n# {ask}\n", context.sampling)
    reply = await lm(request)
    return msgspec.structs.replace(
        output,
        text=reply.text,
        messages=with_reply(request, reply.text),
        logprobs=reply.logprobs,
        finish_reason=reply.finish_reason,
    )
