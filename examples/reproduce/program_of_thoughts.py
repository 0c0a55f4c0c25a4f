"""Program of Thoughts (Chen and others 2022, arXiv 2211.12588): code-davinci-002 writes programs; answers as executed.

`strict_equal`: answers within a thousandth of the gold number, as the authors' tolerant comparison has it, or equal as
text. `published_readme_EM`, their exact match, counts equal answers only and is given to three digits, rounded or cut
off. The programs are not run again: the recorded values are what they gave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _published import Figures, Record, files, records, same_number

FIELDS = ("executed", "prediction", "generated_prediction")
SELDOM = 0.0025
"""How far the published exact match may be from the records before it counts as a difference: two items or so."""


def figures(folder: Path) -> Iterator[Figures]:
    """One a file; its first lines may hold the prompt."""
    for name, path in files(folder, ".jsonl"):
        items = [r for r in records(path) if "answer" in r]
        held = next((f for f in FIELDS if items and f in items[0]), None)
        if held is None:
            continue
        n, near, exact = len(items), _right(items, held, 0.001), _right(items, held, 0.0)
        values = {
            "n": n,
            "strict_equal": near,
            "acc": 100 * near / n,
            "published_readme_EM": exact / n,
        }
        yield Figures(
            f"program_of_thoughts/{name}",
            n,
            values,
            other_names={"correct": near},
            within={"published_readme_EM": 0.001},
            why="three digits, rounded or cut off",
            stated={"published_readme_EM": ("acc", SELDOM)},
        )


def _right(items: list[Record], held: str, rel: float) -> int:
    return sum(_same(r[held], r["answer"], rel) for r in items)


def _same(answer: Any, gold: Any, rel: float) -> bool:
    if isinstance(answer, list):
        answer = _most_frequent(answer)
    if answer is None or isinstance(answer, bool):
        return str(answer) == str(gold)
    return str(answer) == str(gold) or same_number(answer, gold, rel)


def _most_frequent(answers: list[Any]) -> Any:
    """The answer that most samples gave, None where none gave any."""
    given = Counter(str(a) for a in answers if a is not None)
    return given.most_common(1)[0][0] if given else None
