"""What a run that stops when decided has to do: its examples in the drawn order, only a little ahead of the last look.

An outcome enters the run when its unit is looked at, so that every figure is over the examples that were looked at,
whichever answers happened to be quick. What was begun beyond them stays in the lab: it is paid, and a run that gets
there finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, structs

from scansion.data import Row
from scansion.errors import InputError
from scansion.experiments.agenda import Agenda, Job
from scansion.experiments.crew import Gate
from scansion.experiments.progress import Tally
from scansion.experiments.sequential.order import Deck, Order
from scansion.experiments.sequential.until import Mark, OutOfRange, Terms, Unit, Watch
from scansion.experiments.session import Session
from scansion.experiments.store.journal import payer
from scansion.experiments.store.outcomes import DONE, ERROR, UNSCORED, OutcomeRecord, ScoreRecord
from scansion.experiments.store.runs import example_mark
from scansion.experiments.variants import Variant, pair_with_baseline
from scansion.types import digest

__all__ = ["Looking", "counted"]

_BLOCK = 128  # rows that are read and looked up together
_AHEAD = 8  # examples that may run ahead of the last look
_SHARE = 10  # or one in so many of those that were looked at


def counted(
    record: OutcomeRecord, score: ScoreRecord | None, *, lenient: bool, cut: bool, silent: bool = False
) -> Mark:
    """What an outcome counts as under the plan's rules (see `figures.EFFECTIVE`): `lenient` is `no_answer: wrong`,
    `silent` is `abstained: wrong`, `cut` is `truncated: unscored`. One that nobody has scored counts as unscored."""
    wrong = [reason for reason, counts in (("no answer", lenient), ("abstained", silent)) if counts]
    if record.status == ERROR:
        return ERROR, 0.0
    if record.status == UNSCORED:
        return (DONE, 0.0) if record.reason in wrong else (UNSCORED, 0.0)
    if (record.truncated and cut) or score is None:
        return UNSCORED, 0.0
    if score.state == UNSCORED and score.reason in wrong:
        return DONE, 0.0
    return score.state, score.value or 0.0 if score.state == DONE else 0.0


class _Seat:
    """The place of one outcome in an open unit, and the outcome's number once it is stored."""

    def __init__(self, unit: int, variant: int, row: int, trial: int) -> None:
        self.unit, self.variant, self.row, self.trial = unit, variant, row, trial
        self.mark: Mark | None = None
        self.outcome: int | None = None


class _Open(Struct):
    """A unit that was begun and not looked at: its rows, their marks, and the seats of each variant in order."""

    rows: list[Row]
    marks: dict[int, int]
    seats: dict[int, list[_Seat]]

    def complete(self, variants: Iterable[int]) -> bool:
        return all(seat.mark is not None for v in variants for seat in self.seats[v])


class Looking(Agenda):
    """The jobs of a run that stops when decided. `watch` is how far it has come, `order` and `deck` are the session's.

    People are asked in the same order as models, one example at a time.
    """

    in_order = True

    def __init__(self, session: Session, tally: Tally, order: Order, deck: Deck) -> None:
        super().__init__(session, tally)
        self._order, self._deck = order, deck
        self.planned, self.read = order.rows, True
        self.watch = Watch(terms_of(session, order))
        self._patient = any(v.channel.capabilities.patient for v in session.variants)
        self._units: dict[int, _Open] = {}
        self._begun = 0  # rows
        self._gate = Gate()
        tally.watch = self._seen
        session.gateway.wanted = lambda: payer.get() is None or payer.get() in self.watch.active

    def jobs(self) -> Iterator[Job | Gate | None]:
        """What is missing, in the drawn order; a gate while enough runs ahead of the last look."""
        self._expect()
        first = 0
        while not self._over and (block := self._some(first)):
            yield from self._hand(first, block)
            first += len(block)
            yield None

    def count(self) -> Iterator[None]:
        """Nothing: all rows were read before."""
        return iter(())

    def close(self) -> None:
        """Leave in the run what was looked at this time, and nothing else."""
        units = dict.fromkeys((v.index for v in self._session.variants), 0)
        for contest in self.watch.contests:
            for variant in (contest.a, contest.b):
                units[variant] = max(units[variant], contest.units)
        self._lab.run_table.look_no_further(self._session.run.id, units)

    def people(self) -> Iterator[Iterator[Job]]:
        """Nobody: people have their turns among the models."""
        return iter(())

    def enter(self, job: Job, outcome: int) -> None:
        """Note which outcome a job made; called inside the transaction that stores it."""
        if isinstance(job.seat, _Seat):
            job.seat.outcome = outcome

    def made(self, job: Job, record: OutcomeRecord, score: ScoreRecord | None) -> None:
        """Take in a finished outcome and look as far as that allows. Raises InputError for a score outside 0 to 1."""
        if not isinstance(job.seat, _Seat):
            return
        if job.outcome is not None and 0 not in job.scores:
            score = self._lab.outcome_table.scores(job.outcome, job.mark).get(self._session.scorer_ids[0])
        self._take(job.seat, self._mark(record, score))

    def _seen(self) -> tuple[tuple[int, int], tuple[tuple[str, float, float], ...]]:
        """How far the looks have come, and the intervals of what is undecided, for who watches the run."""
        names = [v.name for v in self._session.variants]
        open_ones = [(names[each.b], each.interval) for each in self.watch.contests if each.open]
        intervals = tuple((name, *interval) for name, interval in open_ones if interval is not None)
        return (self.watch.rows, self._order.rows), intervals

    @property
    def _over(self) -> bool:
        return self.watch.done or not self.asking

    def _some(self, first: int) -> list[list[int]]:
        """The next units, about a block of rows."""
        found: list[list[int]] = []
        taken = 0
        while first + len(found) < self._order.units and taken < _BLOCK:
            found.append(self._order.unit(first + len(found)))
            taken += len(found[-1])
        return found

    def _hand(self, first: int, block: Sequence[Sequence[int]]) -> Iterator[Job | Gate]:
        """The jobs of some units, each begun when there is room for it."""
        rows = iter(self._deck.rows([place for unit in block for place in unit]))
        units = [[next(rows) for _ in unit] for unit in block]
        jobs = [list(self._seated(first + i, unit)) for i, unit in enumerate(units)]
        known = self._lab.outcome_table.settled([job.key for of_unit in jobs for job in of_unit])
        for unit, of_unit in zip(units, jobs, strict=True):
            while not self._over and not self._room(len(unit)):
                yield self._gate
            if self._over:
                return
            for job in self._begin(unit, of_unit, known):
                if job.variant.index in self.watch.active and not self._over:
                    self._gate.let_one()
                    yield job

    def _room(self, rows: int) -> bool:
        """Whether a unit of so many rows may be begun: a lone one always may."""
        ahead = self._begun - self.watch.rows
        most = 1 if self._patient else max(_AHEAD, self.watch.rows // _SHARE)
        return ahead == 0 or ahead + rows <= most

    def _seated(self, unit: int, rows: Sequence[Row]) -> Iterator[Job]:
        """The jobs of a unit for the variants that are still in, each with its seat."""
        variants = [v for v in self._session.variants if v.index in self.watch.active]
        for row in rows:
            for job in self._outcomes(row, example_mark(row.example), variants):
                seat = _Seat(unit, job.variant.index, row.example.row, job.trial)
                yield structs.replace(job, seat=seat)

    def _begin(self, rows: list[Row], jobs: list[Job], known: dict[bytes, tuple[int, bool]]) -> list[Job]:
        """Open a unit, take in what the lab has of it, and return what is to be made or scored."""
        session, tables = self._session, self._lab.outcome_table
        seats: dict[int, list[_Seat]] = {}
        for job in jobs:
            seats.setdefault(job.variant.index, []).append(job.seat)
        marks = {job.example.row: job.mark for job in jobs}
        self._units[jobs[0].seat.unit] = _Open(rows, marks, seats)
        self._begun += len(rows)
        missing: list[Job] = []
        for job in jobs:
            outcome, has_output = known.get(job.key, (None, True))
            scored = tables.scored([outcome], session.scorer_ids) if outcome is not None else {}
            lacks = tuple(i for i, scorer in enumerate(session.scorer_ids) if (outcome, scorer, job.mark) not in scored)
            if outcome is None or (lacks and has_output):
                missing.append(structs.replace(job, outcome=outcome, scores=lacks))
            else:
                self._known(job, outcome)
        return sorted(missing, key=lambda job: digest(session.plan.seed, job.key.hex())) if self._patient else missing

    def _known(self, job: Job, outcome: int) -> None:
        tables = self._lab.outcome_table
        score = tables.scores(outcome, job.mark).get(self._session.scorer_ids[0])
        job.seat.outcome = outcome
        self._tally.add(job.variant.name, score.value if score is not None else None, asked=False)
        self._take(job.seat, self._mark(tables.load(outcome), score))

    def _mark(self, record: OutcomeRecord, score: ScoreRecord | None) -> Mark:
        plan = self._session.plan
        lenient, silent = plan.no_answer == "wrong", plan.abstained == "wrong"
        return counted(record, score, lenient=lenient, cut=plan.truncated == "unscored", silent=silent)

    def _take(self, seat: _Seat, mark: Mark) -> None:
        seat.mark = mark
        while not self.watch.done and (unit := self._units.get(self.watch.units)) is not None:
            active = self.watch.active
            if not unit.complete(active):
                break
            self._look(unit, active)
        self._gate.let_one()

    def _look(self, unit: _Open, active: frozenset[int]) -> None:
        """Look at a unit, and enter its outcomes into the run."""
        trials, number = self._session.plan.trials, self.watch.units
        weights = [row.example.weight / trials for row in unit.rows for _ in range(trials)]
        marks = {v: [seat.mark or (UNSCORED, 0.0) for seat in unit.seats[v]] for v in active}
        try:
            self.watch.look(Unit(len(unit.rows), weights, marks))
        except OutOfRange as error:
            name = self._session.scorers[0].name
            raise InputError(
                f"until: {name}: {error}; decided needs scores from 0 to 1: choose another scorer, or run without until"
            ) from None
        del self._units[number]
        self._lab.journal.later(lambda: self._enter(number, unit, active))

    def _enter(self, number: int, unit: _Open, active: frozenset[int]) -> None:
        """Write down a unit that was looked at: its rows, their place in the order, their outcomes."""
        run, dataset = self._session.run.id, self._session.dataset
        rows = [(row.example, row.line, row.offset, unit.marks[row.example.row]) for row in unit.rows]
        self._lab.run_table.save_rows(dataset, rows)
        self._lab.run_table.look(run, number, [row.example.row for row in unit.rows])
        seats = [seat for v in sorted(active) for seat in unit.seats[v]]
        self._lab.outcome_table.join(
            run, [(s.variant, s.row, s.trial, s.outcome) for s in seats if s.outcome is not None]
        )

    def _expect(self) -> None:
        """Tell people how many questions there are at most."""
        patient: dict[str, list[Variant]] = {}
        for variant in self._session.variants:
            if variant.channel.capabilities.patient:
                patient.setdefault(variant.model, []).append(variant)
        for variants in patient.values():
            expect = getattr(variants[0].channel.model, "expect", None)
            if expect is not None:
                expect(self._order.rows * len(variants) * self._session.plan.trials, 0)


def terms_of(session: Session, order: Order) -> Terms:
    """What a run's looks are taken under."""
    plan, variants = session.plan, session.variants
    pairs = pair_with_baseline(plan.baseline, variants)
    same = (i for i, (a, b) in enumerate(pairs) if variants[a].identity == variants[b].identity)
    return Terms(
        alpha=plan.alpha,
        margin=plan.margin,
        pairs=tuple(pairs),
        units=order.units,
        rows=order.rows,
        mean_weight=float(order.weights.sum()) / order.units,
        most_weight=float(order.weights.max()),
        same=frozenset(same),
    )
