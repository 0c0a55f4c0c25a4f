"""Puts a problem as people put it: in a chat or plain text, with instructions that decide the form of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from training.noise import noisy
from training.problem import Item, Problem, Turn
from training.source import Pool, Source, phrases

__all__ = ["CUES", "WAY_OUT_WORDS", "Style", "answered", "draw_style", "present"]

Make = Callable[[], Problem]

DIRECT = phrases(
    "[Answer|Reply|Respond] with [just |only |]the {noun}[| only| alone| and nothing else| and nothing more].",
    "[Give|Write|Return|Output|Say|State] [just|only] the [final |]{noun}.",
    "[Give|Write|Return|Output|Say|State] [just|only] the [final |]answer[|, without explanation|, no steps|, nothing else].",
    "[Only|Just] [give|write|return|output|say|state] the [final |]{noun}.",
    "[Do not explain|No explanation|No steps|No reasoning][. Give|. Write|: say] [only|just] the {noun}.",
    "Just the [{noun}|answer], please.",
    "[Your reply|The reply|Your answer] must be the {noun} [alone|only].",
    "Answer [directly|at once|in one word or number].",
    "The {noun} alone is enough.",
    "[One {noun}|A single {noun}], nothing else.",
    "Answer:",
    "The final {noun} only[, please|].",
    "I [only|just] want the {noun}.",
)
CUES = phrases(
    "[Let's think|Think|Please think] [step by step|this through|carefully|in steps][|, then answer| and then answer| before you answer|, then give the answer].",
    "Let's [work this out|solve it|solve this|do this|take it] [step by step|in steps|one step at a time].",
    "[Reason|Work|Go through it|Solve it|Work through it] [step by step|in steps|one step at a time][|| before you answer|, then answer| and then give the answer].",
    "[Show|Write down|Write|Give] [your work|the steps|your steps|each step|your reasoning|all steps][|| first| before the answer| and then the answer|, then the answer].",
    "[Explain|Describe] [each step|your reasoning|every step|how you get there][|| first|, then answer].",
    "First [think|reason|make a plan|show the steps][, then| and then] [answer|give the answer|solve it step by step].",
    "Let's think about this [logically|carefully|step by step].",
    "Take a deep breath and work on this [step by step|in steps].",
    "Think [carefully|hard] and [show your work|show your reasoning|explain the steps].",
)
TAGS = phrases(
    "[Put|Write|Wrap|Enclose|Place] the [final |]answer [in|inside|into|within] <{key}> tags.",
    "[Put|Write|Wrap|Enclose|Place] the [final |]answer [between|inside] <{key}> and </{key}>.",
    "[Give|Write|Return] the [final |]answer as <{key}>...</{key}>.",
    "The [final |]answer [goes|stands|belongs|must be] in <{key}> tags.",
    "[Use|Answer with] the form <{key}>...</{key}> for the [final |]answer.",
)
JSON = phrases(
    '[Answer|Reply|Respond] [with|in|as] JSON[ like| such as|:] {{"{key}": ...}}.',
    '[Answer|Reply|Respond] [with|in|as] JSON with the [key|field] "{key}".',
    '[Give|Write|Return] the [final |]answer as {{"{key}": [...|"..."]}}.',
    'The [final |]answer must be a JSON object with the [key|field] "{key}".',
    '[Return|Output|Write|Give] [JSON|a JSON object]: {{"{key}": ...}}.',
)
KEYS = Pool(("answer", "answer", "answer", "result", "final", "solution", "value"), ("answer", "reply", "output"), 0.2)
WAY_OUT = phrases(
    "If [it|this|the answer|something] [cannot be known|is not given|is not stated|cannot be worked out|is missing], [say|answer|write|reply] {w}.",
    "[Say|Answer|Write|Reply] {w} [if|when|where] [the question cannot be answered|there is not enough information|something is missing|it cannot be known|a fact is missing|you cannot tell].",
    'If [you can\'t tell|you cannot tell|you do not know|information is missing|nothing is said about it], [say|answer|write|reply] [{w}|"{w}"].',
    "[When|Where] [something|a fact|the answer] is [not given|missing|not stated], the answer is {w}.",
    "Should the question have no answer, [say|answer|write] {w}.",
)
WAY_OUT_WORDS = Pool(("unsure", "unsure", "unsure", "unknown", "not given"), ("unsure", "not known"), 0.25)
SYSTEM = phrases(
    "You are [a careful|a helpful|a precise|an expert|a friendly|a good] assistant.",
    "You [answer questions|are an expert|are a teacher|help people with small tasks|solve problems].",
    "[Be brief|Be precise|Be careful|Follow the instructions exactly|Do as you are told].",
)
THEREFORE = phrases(
    "[|\n][Therefore|So|Hence|Thus][, |,  | ][the answer|the final answer][| ({hint})] is",
    "[So what is|What is] [the answer|the final answer|your final answer]?",
    "[Give|Write|Say] [only the answer|the final answer only|the answer alone|just the answer].",
)
HINT = phrases(
    "[The right answer is|The answer is|Hint: the answer is|We know that the answer is] {a}. [Show|Write|Give] the steps[| that lead to it| that lead there].",
    "[The right answer is|The answer is|Hint: the answer is|We know that the answer is] {a}. [Explain why|Show how to get there|Explain how].",
)
HEADS = phrases(
    "[Question|Q|Problem|Task|Exercise|Input]: {q}",
    "[Here is a question|A question|Here is a problem|Answer this].\n{q}",
    "[Here is a question|The question is this|Solve this|Answer this]: {q}",
)
JOINTS = (" ", " ", "\n", "\n", "\n\n", "\n\n")
NUMERALS = {"number": "arabic numerals", "yes or no": "yes or no"}


@dataclass(frozen=True)
class Style:
    """How a problem is put.

    `reasoning`: bare, steps, or unsaid (no instruction about it); `form`: plain, tags or json, under `key`; `way_out`:
    the word offered for what cannot be known; `shots`: how many worked or bare examples stand before it; `medium`:
    chat, inline (examples in one user turn) or text (no chat at all); `noise`: share of words with a typing error.
    """

    reasoning: str = "bare"
    form: str = "plain"
    key: str = "answer"
    way_out: str = ""
    shots: int = 0
    worked: bool = False
    medium: str = "chat"
    noise: float = 0.0
    after: str = ""

    @property
    def stepwise(self) -> bool:
        """Whether the answer is to come by steps."""
        return self.reasoning == "steps" or (self.reasoning == "unsaid" and self.shots > 0 and self.worked)


def draw_style(s: Source, problem: Problem) -> Style:
    """A style as the training data has them."""
    steps = bool(problem.steps)
    shots = s.weighted({0: 90, 1: 3, 2: 3, 3: 3, 4: 1})
    return Style(
        reasoning=s.weighted({"bare": 0.28, "steps": 0.56 if steps else 0.0, "unsaid": 0.16 if steps else 0.4}),
        form=s.weighted({"plain": 0.78, "tags": 0.12, "json": 0.10}),
        key=str(s.pick(KEYS)),
        way_out=str(s.pick(WAY_OUT_WORDS)) if s.chance(0.5 if problem.missing else 0.65) else "",
        shots=shots,
        worked=steps and s.chance(0.6),
        medium=s.weighted({"chat": 0.84, "inline": 0.07 if shots else 0.0, "text": 0.09}),
        noise=s.rng.choice((0.05, 0.1, 0.2)) if problem.noisy and s.chance(0.09) else 0.0,
        after=s.weighted(
            {"": 0.92, "therefore": 0.05 if steps else 0.0, "hint": 0.03 if steps and not problem.missing else 0.0}
        ),
    )


def answered(problem: Problem, style: Style) -> str:
    """What is to be said."""
    final = problem.answer
    if problem.missing and style.way_out:
        final = style.way_out
    steps = " ".join(problem.steps)
    if problem.missing and style.way_out:
        steps = problem.missing
    number = final.lstrip("-").isdigit()
    shown = {
        "plain": f"The answer is {final}." if style.stepwise else final,
        "tags": f"<{style.key}>{final}</{style.key}>",
        "json": json.dumps({style.key: int(final) if number else final}),
    }[style.form]
    return f"{steps} {shown}" if style.stepwise and steps else shown


def present(s: Source, make: Make, style: Style | None = None) -> Item:
    """An item of the problem that `make` makes, in `style` or in one drawn for it; its shots are further problems."""
    problem = make()
    style = style or draw_style(s, problem)
    if style.form != "plain" and style.medium == "text":
        style = replace(style, form="plain")
    shots = [_known(make) for _ in range(style.shots)]
    maker = {"chat": _chat, "inline": _inline, "text": _text}[style.medium]
    turns = maker(s, problem, shots, style)
    if style.after == "therefore" and style.stepwise and style.form == "plain":
        turns = _asked_again(s, problem, style, turns)
    target = style.way_out if problem.missing and style.way_out else problem.answer
    kind = {"reasoning": "steps" if style.stepwise else "bare", "form": style.form, "medium": style.medium}
    known = {"missing": int(bool(problem.missing)), "way_out": int(bool(style.way_out))}
    return Item(problem.task, tuple(turns), target, {**problem.kind, **kind, **known})


def _known(make: Make) -> Problem:
    """A problem that has an answer, to show as an example; short ones are preferred."""
    problems = [problem for problem in (make() for _ in range(3)) if not problem.missing]
    return min(problems, key=lambda p: len(p.steps)) if problems else _known(make)


def _rules(s: Source, problem: Problem, style: Style) -> list[str]:
    """The instructions, in any order but with the cue to think mostly last."""
    rules = []
    if style.form == "tags":
        rules.append(s.say(TAGS, key=style.key))
    if style.form == "json":
        rules.append(s.say(JSON, key=style.key))
    if style.way_out:
        rules.append(s.say(WAY_OUT, w=style.way_out))
    if style.reasoning == "bare" and (style.form == "plain" or s.chance(0.3)):
        rules.append(s.say(DIRECT, noun=problem.noun))
    rules = s.shuffled(rules)
    if style.reasoning == "steps":
        if style.after == "hint":
            return [*rules, s.say(HINT, a=problem.answer)]
        cue = s.say(CUES)
        rules.insert(len(rules) if s.chance(0.8) else 0, cue)
    return rules


def _asked(s: Source, question: str, style: Style) -> str:
    return noisy(question, s.rng, style.noise) if style.noise else question


def _placed(s: Source, question: str, rules: list[str]) -> str:
    """Question and rules as one text."""
    if not rules:
        return question
    joint = s.rng.choice(JOINTS)
    if s.chance(0.3) and not rules[-1].endswith(":"):
        return f"{' '.join(rules)}{joint}{question}"
    if s.chance(0.25) and len(rules) > 1:
        return f"{' '.join(rules[:-1])}{joint}{question}{joint}{rules[-1]}"
    return f"{question}{joint}{' '.join(rules)}"


def _chat(s: Source, problem: Problem, shots: list[Problem], style: Style) -> list[Turn]:
    """Turns; the rules stand with each question, in the system turn, or in the last user turn alone."""
    rules = _rules(s, problem, style)
    in_system = bool(rules) and s.chance(0.15)
    cue_last = style.reasoning == "steps" and style.after != "hint" and shots and s.chance(0.5)
    head = str(s.pick(HEADS)) if s.chance(0.2) else "{q}"
    system = " ".join(([s.say(SYSTEM)] if s.chance(0.12) else []) + (rules if in_system else []))
    turns = [Turn("system", system)] if system else []
    shown = replace(style, reasoning="unsaid") if cue_last else style
    for shot in shots:
        asked = head.replace("{q}", shot.question)
        said = rules[:-1] if cue_last and rules[-1:] and not in_system else rules
        turns.append(Turn("user", asked if in_system or style.after == "hint" else _placed(s, asked, said)))
        turns.append(Turn("assistant", answered(shot, shown)))
    asked = head.replace("{q}", _asked(s, problem.question, style))
    turns.append(Turn("user", asked if in_system else _placed(s, asked, rules)))
    return [*turns, Turn("assistant", answered(problem, style))]


def _inline(s: Source, problem: Problem, shots: list[Problem], style: Style) -> list[Turn]:
    """Everything in one user turn: examples as questions with answers, then the question."""
    question, answer = s.rng.choice((("Q", "A"), ("Question", "Answer"), ("Input", "Output"), ("Problem", "Solution")))
    rules = " ".join(_rules(s, problem, style))
    gap = s.rng.choice(("\n", "\n\n"))
    shown = [f"{question}: {shot.question}\n{answer}: {answered(shot, style)}" for shot in shots]
    last = f"{question}: {_asked(s, problem.question, style)}\n{answer}:"
    parts = [rules, *shown, last] if s.chance(0.6) or not rules else [*shown, last.removesuffix(f"\n{answer}:"), rules]
    return [Turn("user", gap.join(part for part in parts if part)), Turn("assistant", answered(problem, style))]


def _text(s: Source, problem: Problem, shots: list[Problem], style: Style) -> list[Turn]:
    """Plain text, as a model without a chat format is asked."""
    question, answer = s.rng.choice((("Q", "A"), ("Q", "A"), ("Question", "Answer")))
    cue = " Let's think step by step." if style.reasoning == "steps" else ""
    if cue and s.chance(0.4):
        cue = f" {s.say(CUES)}"
    stop = "" if style.stepwise or s.chance(0.7) else "."
    shown = [f"{question}: {shot.question}\n{answer}:{cue} {answered(shot, style)}{stop}\n\n" for shot in shots]
    way_out = f"{s.say(WAY_OUT, w=style.way_out)}\n\n" if style.way_out else ""
    asked = f"{way_out}{''.join(shown)}{question}: {_asked(s, problem.question, style)}\n{answer}:{cue}"
    said = answered(problem, style)
    if not style.stepwise and not shots and s.chance(0.3):
        asked += " The answer is" if s.chance(0.5) else " The answer (arabic numerals) is"
    return [Turn("text", asked, learned=False), Turn("text", f" {said}{stop}")]


def _asked_again(s: Source, problem: Problem, style: Style, turns: list[Turn]) -> list[Turn]:
    """The transcript, asked once more for the answer alone."""
    final = style.way_out if problem.missing and style.way_out else problem.answer
    cue = s.say(THEREFORE, hint=NUMERALS.get(problem.noun, problem.noun))
    steps = turns[-1].text
    if s.chance(0.4):
        steps = steps.rsplit(" The answer is", 1)[0]
    reply = f"{final}{s.rng.choice(('', '.'))}"
    if turns[-1].role == "text":
        asked = f"{cue if cue.startswith(chr(10)) else ' ' + cue}"
        return [*turns[:-1], Turn("text", steps), Turn("text", asked, learned=False), Turn("text", f" {reply}")]
    return [*turns[:-1], Turn("assistant", steps), Turn("user", cue), Turn("assistant", reply)]
