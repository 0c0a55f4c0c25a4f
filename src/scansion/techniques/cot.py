"""Chain of thought: a cue at the end of the prompt that makes the model reason before it answers."""

from __future__ import annotations

from scansion.techniques._algebra import Edit, technique

__all__ = ["cot"]


@technique("cot", "zero_shot_cot", "chain_of_thought")
def cot(cue: str = "Let's think step by step.") -> Edit:
    """Ends the prompt with `cue`: on a chat prompt in the last user turn after a blank line, on a completion prompt
    after one space.

    Follows Kojima et al. 2022, Large Language Models are Zero-Shot Reasoners (arXiv 2205.11916). There the cue stands
    behind `A:`, and a second call reads the answer out of the reasoning: `cot | extract`.

    Example: `cot`
    """
    return Edit(lambda prompt, _context: prompt.with_cue(cue))
