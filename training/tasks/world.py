"""Facts of an invented world: answers from passages, with distractors, without the fact, or without any passage."""

from __future__ import annotations

from dataclasses import dataclass

from training.problem import Item, Problem, Turn
from training.source import Pool, Source, phrases, ways, words

__all__ = ["ATTRIBUTES", "Fact", "passage", "passage_problem", "written"]

GOODS = words(
    "wool salt amber glass honey silk copper tea ink paper wine rope timber silver cheese lace oil soap steel pepper",
    coined=0.35,
)
JOBS = words(
    "baker judge sailor tailor doctor miller painter teacher smith gardener cook singer farmer clerk weaver guide",
    coined=0.35,
)
PETS = words("parrot cat pony tortoise dog rabbit canary goat snake owl ferret mouse", coined=0.35)


@dataclass(frozen=True)
class Attribute:
    """One thing that can be known of a town or person: how it is told, in the passages of training `also`, asked, and made
    up."""

    of: str
    tell: Pool
    also: tuple[str, ...]
    ask: Pool
    value: str


ATTRIBUTES = {
    "founder": Attribute(
        "town",
        phrases(
            "[|The town of ]{e} was founded by {v}.",
            "{v} founded [|the town of ]{e}.",
            "It was {v} who founded {e}.",
            "The founder of {e} [was|is] {v}.",
            "{e} was [begun|built] by its founder {v}.",
        ),
        ways(
            "{v} is the founder of {e}.",
            "[Long ago|Once] {v} founded [the town of |]{e}.",
            "The [one|man|woman|person] who founded {e} [was|is] {v}.",
            "{e} has {v} as its founder.",
            "[{e} goes back to|Of {e} the founder is] {v}.",
            "{e}: founded by {v}.",
            "[The town|The place] {e} [was set up|was begun|was started] by {v}.",
            "[They say|People say] {v} founded {e}.",
            "It is known that {v} [founded|set up|began] {e}.",
            "{v} [set up|began|started] [|the town of ]{e}.",
            "By {v} {e} was founded.",
            "{e} [owes|gives] its founding to {v}.",
            "{e} calls {v} its founder.",
        ),
        phrases(
            "Who [founded|has founded] [|the town of ]{e}?",
            "Who was the founder of {e}?",
            "By whom was {e} founded?",
            "[Name|Who is] the founder of {e}[.|?]",
            "Which person founded {e}?",
        ),
        "name",
    ),
    "year": Attribute(
        "town",
        phrases(
            "The bridge of {e} was [built|finished] in {v}.",
            "In {v} [a bridge was built in {e}|{e} got its bridge].",
            "{e} got its bridge in {v}.",
            "[People|They] built the bridge of {e} in {v}.",
            "The year of the bridge of {e} is {v}.",
        ),
        ways(
            "{v} is the year of the bridge of {e}.",
            "[The|Its] bridge [in|at] {e} [was built|was made|was finished|was opened|dates from|is from] {v}.",
            "[It was in|In] {v} that {e} got its bridge.",
            "[The people of {e}|{e}] [built|finished|opened] [the|a|its] bridge in {v}.",
            "{e} has a bridge [from|of] {v}.",
            "[Since|From] {v} {e} has a bridge.",
            "In {v} [the bridge of {e} was finished|they built {e} a bridge|there was a new bridge at {e}].",
            "A bridge was [built|finished] [at|for] {e} in {v}.",
            "{e}, bridge: {v}.",
        ),
        phrases(
            "When was the bridge of {e} [built|finished]?",
            "[In which|What|In what] year [was the bridge of {e} built|did {e} get its bridge]?",
            "How old is the bridge of {e}: which year?",
            "When did {e} get its bridge?",
        ),
        "year",
    ),
    "river": Attribute(
        "town",
        phrases(
            "{e} lies on the river {v}.",
            "The river {v} [runs|flows] through {e}.",
            "Through {e} [runs|flows] the river {v}.",
            "The river of {e} is [|called ]the {v}.",
            "{e} stands at the river {v}.",
        ),
        ways(
            "The [{v}|river {v}] is the river of {e}.",
            "{e} [is|lies|stands|sits] [on|by|near] the [{v}|river {v}].",
            "The {v} [runs|flows|goes] [past|through|by] {e}.",
            "[In|At] {e} [runs|flows|goes] the [{v}|river {v}].",
            "The river [at|in] {e} is [called|named] [|the ]{v}.",
            "{e} has a river [called|named] [|the ]{v}.",
            "{e}, river: {v}.",
            "{e} takes its water from the {v}.",
            "Boats on the {v} stop at {e}.",
        ),
        phrases(
            "On which river does {e} [lie|stand]?",
            "What is the river of {e} called?",
            "Which river [runs|flows] through {e}?",
            "[Name|Give] the river [of|that runs through] {e}.",
            "What river [runs|flows] through {e}?",
        ),
        "name",
    ),
    "goods": Attribute(
        "town",
        phrases(
            "{e} is known for its {v}.",
            "[The people of {e}|People in {e}] [trade in|make|sell] {v}.",
            "{e} [sells|makes] {v}.",
            "In {e} people [make|sell] {v}.",
            "{v} comes from {e}.",
        ),
        ways(
            "[{e} is a town of|In {e} there is much] {v}.",
            "[The town of|The place] {e} [makes|sells|trades in|lives from|deals in] {v}.",
            "[Folk|Everyone|Many] in {e} [make|sell|trade in|deal in|live from] {v}.",
            "{e} [trades in|lives from|deals in|is famous for|is rich in] {v}.",
            "[The|Its] {v} of {e} is well known.",
            "[People buy|They buy|You buy] {v} in {e}.",
            "{v} is [made|sold] [in|at] {e}.",
            "{e}, goods: {v}.",
            "[They|The folk of {e}] make {v} in {e}.",
        ),
        phrases(
            "What is {e} known for?",
            "What do [the people of {e}|people in {e}] [trade in|make|sell]?",
            "What does {e} [sell|make]?",
            "Which goods come from {e}?",
        ),
        "goods",
    ),
    "job": Attribute(
        "person",
        phrases(
            "{e} is a {v}.",
            "{e} works as a {v}.",
            "By trade {e} is a {v}.",
            "{e} earns a living as a {v}.",
            "The job of {e} is {v}.",
            "As a {v} {e} has much to do.",
        ),
        ways(
            "{e}'s [job|work|trade] is {v}.",
            "The [work|trade|profession] of {e} is {v}.",
            "[Now|Today|These days] {e} [is|works as] [a|the] {v}.",
            "{e} has [the job of a|a job as a|work as a|long been a] {v}.",
            "{e} is a {v} by [trade|profession].",
            "{e} makes a living as a {v}.",
            "They know {e} as a {v}.",
            "{e} is employed as a {v}.",
            "{e}, job: {v}.",
            "{e}, the {v}, is busy.",
            "The {v} is [called|named] {e}.",
            "Of {e} the job is {v}.",
            "{e} does the [work|job] of a {v}.",
        ),
        phrases(
            "What is the [job|work|trade] of {e}?",
            "What does {e} work as?",
            "What is {e} by trade?",
            "How does {e} earn a living?",
            "[Name|Give] the job of {e}.",
            "Which job does {e} have?",
        ),
        "job",
    ),
    "home": Attribute(
        "person",
        phrases(
            "{e} lives in {v}.",
            "The home of {e} is {v}.",
            "{e} has [a house|a home|a flat] in {v}.",
            "{e} is at home in {v}.",
            "{v} is the home of {e}.",
        ),
        ways(
            "{e}'s [home|house|flat] is in {v}.",
            "The [house|flat|room] of {e} is in {v}.",
            "{e} [has|owns|rents|keeps] a [room|place|house|home] in {v}.",
            "[Now|Today|These days] {e} [lives|stays|dwells|is living] in {v}.",
            "{e} [stays|dwells|is living|has lived for years] in {v}.",
            "[In|At] {v} [lives|dwells] {e}.",
            "{e} comes from {v}.",
            "{e}, home: {v}.",
            "{e} [owns|rents|keeps|bought] a [flat|room|hut|villa|farm|cottage] [in|near] {v}.",
            "{e} has a [small flat|nice flat|villa|cabin|hut|farm|cottage|room] in {v}.",
            "The flat of {e} is in {v}.",
            "{e} calls {v} home.",
            "You find {e} in {v}.",
            "{v} is where {e} lives.",
            "It is in {v} that {e} lives.",
        ),
        phrases(
            "Where does {e} live?",
            "In [which|what] town does {e} live?",
            "Where is [the home of {e}|{e} at home]?",
            "[Which|What] town is [the home of {e}|{e} at home in]?",
            "Where does {e} have a home?",
        ),
        "name",
    ),
    "pet": Attribute(
        "person",
        phrases(
            "{e} [keeps|owns|has] a {v}.",
            "The [pet|animal] of {e} is a {v}.",
            "{e} has a {v} at home.",
            "A {v} lives with {e}.",
        ),
        ways(
            "{e}'s [pet|animal] is a {v}.",
            "{e} has [got a|one pet, a|an animal, a] {v}.",
            "{e} [lives with|looks after|feeds|walks|cares for|bought|loves] [a|his|her|the] {v}.",
            "At [home|the home of] {e} there is a {v}.",
            "[At home|In the house] {e} [has|keeps|feeds] a {v}.",
            "The {v} [belongs to|is the pet of|is the animal of|lives at the home of] {e}.",
            "{e}, pet: {v}.",
            "With {e} lives a {v}.",
            "A {v} is [kept|owned|fed] by {e}.",
            "{e} shares a home with a {v}.",
        ),
        phrases(
            "[What|Which] [pet|animal] does {e} [have|keep|own]?",
            "What is the [pet|animal] of {e}?",
            "Which animal lives with {e}?",
        ),
        "pet",
    ),
}
NOUNS = {"name": "name", "year": "year", "goods": "word", "job": "job", "pet": "animal"}
BLOCKS = phrases(
    "[Passage|Text|Context|Here is a passage]: {p}[\n|\n\n]Question: {q}",
    "[Passage|Text|Context]:[ |\n]{p}[\n|\n\n]{q}",
    "{p}\n\n{q}",
    "[Read this|Use this|Use the passage]: {p}\n\n{q}",
    "{q}\n\n[Passage|Text|Context]:[ |\n]{p}",
    "[Use the passage to answer|Answer from the passage|Answer with the help of the passage]. {p} {q}",
    "<[passage|text|context]>\n{p}\n</passage>\n{q}",
)
LISTED = phrases(
    "[{i}] {p}",
    "{i}[.|)|:] {p}",
    "[Passage|Text|No.] {i}[:|.] {p}",
    "[-|*] {p}",
    "({i}) {p}",
)
WRITE = phrases(
    "[Write|Make up|Invent|Please write] a [short |]passage that [answers|would answer] [the question|this][:|.] {q}",
    "[Write|Make up|Invent] a [short |]passage to answer [this|the question]. {q}",
    "{q}\n[Write|Make up|Invent] a [short |]passage that answers this.",
)


@dataclass(frozen=True)
class Fact:
    """One fact: of what, which attribute, and its value."""

    entity: str
    attribute: str
    value: str

    def told(self, s: Source) -> str:
        return s.say(ATTRIBUTES[self.attribute].tell, e=self.entity, v=self.value)

    def read(self, s: Source) -> str:
        """The fact as a passage has it: in training in many more ways, so that no phrase is waited for."""
        if s.held or s.chance(0.4):
            return self.told(s)
        return s.rng.choice(ATTRIBUTES[self.attribute].also).format(e=self.entity, v=self.value)

    def asked(self, s: Source) -> str:
        return s.say(ATTRIBUTES[self.attribute].ask, e=self.entity)


def value(s: Source, attribute: str) -> str:
    """Something that the attribute could be."""
    kind = ATTRIBUTES[attribute].value
    if kind == "year":
        return str(s.start(1100, 1899))
    return s.invented() if kind == "name" else str(s.pick({"goods": GOODS, "job": JOBS, "pet": PETS}[kind]))


def facts(s: Source, count: int) -> list[Fact]:
    """Facts about a few towns or people; no entity has an attribute twice."""
    kind = "town" if s.chance(0.6) else "person"
    names = [n for n, a in ATTRIBUTES.items() if a.of == kind]
    entities = [s.invented(2) if kind == "town" else s.name() for _ in range(max(1, (count + 1) // 2))]
    pairs = list(dict.fromkeys((str(s.pick(entities)), str(s.pick(names))) for _ in range(count)))
    return [Fact(entity, attribute, value(s, attribute)) for entity, attribute in pairs]


def passage_problem(s: Source, given: bool | None = None, known: bool | None = None) -> Problem:
    """A question with its passage (`given`) or without; with `known` false the passage does not hold the fact."""
    given = s.chance(0.88) if given is None else given
    known = s.chance(0.85) if known is None else known
    told = facts(s, s.between(2, 9))
    wanted = told.pop(s.rng.randrange(len(told)))
    question = wanted.asked(s)
    shown = told if not known else [*told, wanted]
    kind = {"given": int(given), "facts": len(shown)}
    noun = NOUNS[ATTRIBUTES[wanted.attribute].value]
    if given and shown:
        question = s.say(BLOCKS, p=_passages(s, s.shuffled(shown)), q=question)
    missing = "" if known and given else "It is not stated."
    guess = wanted.value if not missing else _guess(s, wanted, told if given else [])
    steps = ("The passage says:" if given else "I recall:", Fact(wanted.entity, wanted.attribute, guess).told(s))
    return Problem("passage", question, guess, steps, noun, missing, kind=kind)


def _guess(s: Source, wanted: Fact, told: list[Fact]) -> str:
    """What is said without knowing: something of the kind from the passage, or made up."""
    kind = ATTRIBUTES[wanted.attribute].value
    near = [f.value for f in told if ATTRIBUTES[f.attribute].value == kind]
    return str(s.pick(near)) if near and s.chance(0.6) else value(s, wanted.attribute)


def _passages(s: Source, shown: list[Fact]) -> str:
    """One passage, or several that are numbered."""
    told = [fact.read(s) for fact in shown]
    if s.chance(0.7):
        return " ".join(told)
    frame = s.rng.choice(LISTED.held if s.held else LISTED.train)
    return "\n".join(frame.format(i=i, p=p) for i, p in enumerate(told, 1))


def passage(s: Source) -> Item:
    """A passage made up for a question, as retrieval by hypothetical documents asks for."""
    wanted = facts(s, 1)[0]
    asked = s.say(WRITE, q=wanted.asked(s))
    said = wanted.told(s)
    return Item("hypothetical", (Turn("user", asked), Turn("assistant", said)), said, {"attribute": wanted.attribute})


def written(s: Source, towns: int) -> list[Fact]:
    """A small world: every attribute of `towns` towns."""
    names = list(dict.fromkeys(s.invented(2) for _ in range(towns)))
    return [Fact(e, n, value(s, n)) for e in names for n, a in ATTRIBUTES.items() if a.of == "town"]
