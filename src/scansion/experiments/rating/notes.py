"""What to know before believing ratings: who never met, who won or lost every vote, what intervals cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scansion.experiments.rating.methods import Method
from scansion.experiments.rating.votes import Votes

if TYPE_CHECKING:
    from scansion.stats.votes import Ballot

__all__ = ["listed", "notes_of"]

_FEW_UNITS = 30
_NAMED = 5


def notes_of(votes: Votes, ballot: Ballot, unit: str, *, method: Method, drawn: bool) -> list[str]:
    """Sentences about the `votes`, of which `ballot` holds those that were read; `unit` is what was drawn anew for the
    intervals, if `drawn`."""
    return [*_graph_notes(votes, ballot, method), *_unit_notes(ballot, unit, drawn=drawn)]


def _graph_notes(votes: Votes, ballot: Ballot, method: Method) -> list[str]:
    """What the votes cannot say because of who met whom."""
    from scansion.stats.comparison_graph import groups, strong_groups

    counts, notes = ballot.counts(), []
    if len(groups(counts.points)) > 1:
        notes.append("players of different groups never met, not even over others: their ratings cannot be compared")
    if len(strong_groups(counts.points)) == 1:
        return notes
    won, lost, tied = counts.wins.sum(axis=1), counts.wins.sum(axis=0), counts.ties.sum(axis=1)
    for did, where, mine, theirs in (("won", "above", won, lost), ("lost", "below", lost, won)):
        whole = [votes.players[i] for i in range(ballot.players) if mine[i] and not theirs[i] and not tied[i]]
        if whole:
            notes.append(f"{listed(whole)} {did} every vote: how far {where} the others is open")
    unseen = [votes.players[i] for i in range(ballot.players) if not won[i] + lost[i] + tied[i]]
    if unseen:
        notes.append(f"{listed(unseen)} has no vote that could be read")
    if method.fitted:
        notes.append(
            "wins and losses do not tie all players together, so each was given one tie more, with a made-up player "
            "of mean strength: ratings lean towards the mean"
        )
    return notes


def _unit_notes(ballot: Ballot, unit: str, *, drawn: bool) -> list[str]:
    """What the intervals cannot say because of what was drawn anew."""
    if ballot.units == 1:
        if unit == "vote":
            return ["one vote says nothing beyond itself: no intervals"]
        return [f"all votes are of one {unit}: no intervals; --unit vote gives those for it alone"]
    if not drawn:
        return ["too many votes to draw Elo's intervals in their order; bradley-terry has them"]
    if unit != "vote" and ballot.units < _FEW_UNITS:
        return [f"{ballot.units} {unit}s are few to judge others by: intervals may be too narrow"]
    return []


def listed(names: Sequence[str]) -> str:
    """A few names as a sentence has them, and how many more there are."""
    shown = list(names[:_NAMED]) + ([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
