"""What a stopping rule of a vote is, and the registry that finds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scansion.specs import Registry

__all__ = ["Rule", "Stop", "stop"]

Rule = Callable[[Sequence[int], int, int], int]
"""`rule(votes, asked, n)`: how many calls to ask next, 0 for no more; what is above the calls that are left is cut.

`votes` are the counts of the answers so far, in the order in which they were reached; ties go to the one reached first.
`asked` of at most `n` calls are done."""


class Stop:
    """When a vote has asked enough. `spec` is its text as typed, `identity` the same with every default written out."""

    __slots__ = ("_rule", "identity", "spec")

    def __init__(self, rule: Rule, spec: str, identity: str) -> None:
        self._rule, self.spec, self.identity = rule, spec, identity

    def __call__(self, votes: Sequence[int], asked: int, n: int) -> int:
        """How many calls to ask next: from 0, which is enough, to the `n - asked` that are left."""
        if asked >= n:
            return 0
        return min(n - asked, max(0, self._rule(votes, asked, n)))

    def __repr__(self) -> str:
        return self.spec


stop = Registry("stopping rule", "scansion.techniques.stops", Stop, Stop)
"""The registry of stopping rules; `@stop("name")` registers a factory of a `Rule`."""
