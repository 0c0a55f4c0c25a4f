"""Politeness: rewriting a rude reply, judging which of two is politer, rating one, listing what breaks a rule."""

from __future__ import annotations

from dataclasses import dataclass

from training.problem import Item, Turn
from training.source import Source, phrases, words

__all__ = ["LEVELS", "Request", "judge", "rate", "reply_at", "revise", "rewrite", "rules"]

LEVELS = 5
ACTIONS = phrases(
    "[send|bring|show|give me] the [report|ticket|address|file]",
    "[fix|move|check|clean] the [printer|car|window|kitchen]",
    "[close|open|lock|hold] the [door|window|gate|bag]",
    "[read|call|sign|return] the [manual|office|form|book]",
    "[answer my question|wait for your turn|try again later|write your name]",
    "[turn down the music|stop the noise|look at the map|repeat the order]",
)
VERBS = [
    "send",
    "fix",
    "close",
    "read",
    "call",
    "pay",
    "move",
    "bring",
    "check",
    "clean",
    "open",
    "sign",
    "return",
    "stop",
    "find",
    "hide",
    "paint",
    "sell",
    "wrap",
    "drop",
]
OBJECTS = words(
    "report printer door manual office bill car keys date kitchen music ticket form book window file noise map "
    "order bag lamp table garden phone page list paper shelf chair fence",
    coined=0.5,
)
INSULTS = words("idiot fool clown moron dummy donkey loser slob lout nitwit dunce blockhead", coined=0.4)
SHOUTS = phrases(
    "Hurry up[!|, now!]",
    "Are you [blind|deaf|asleep]?",
    "[This is|That is|How] [ridiculous|unbelievable].",
    "What is wrong with you[?| today?]",
)
THANKS = phrases(
    "[Thank you|Many thanks|Thanks] [so much|very much|a lot][|| for your help| in advance].",
    "That would be [very|so|really] [kind|helpful|nice].",
)
SOFT = phrases(
    "when[ever|] [you have a moment|you have time|it suits you|you find the time]",
)
ASK_REWRITE = phrases(
    "[Rewrite|Please rewrite|Say|Please say|Put|Please put] [this|the] [reply|message] [politely|in a polite way|in polite words]: {r}",
    "[Make|Turn] this [reply|message] [polite|into a polite one].[\n|\n\n| ]{r}",
    "This [reply|message] is rude. [Write|Give] a polite one.\n{r}",
    "[Reply|Message]: {r}\n[Rewrite the reply so that it is polite|Make it polite|Rewrite it politely].",
)
ASK_JUDGE = phrases(
    "[Which|Which one|Which reply|Which of the two] is [more polite|politer|the politer one]?[\n|\n\n]A: {a}[\n|\n\n]B: {b}[\n|\n\n][Answer A or B.|Answer with A or B.|Say A or B.|Answer:]",
    "A: {a}[\n|\n\n]B: {b}[\n|\n\n][Which one|Which reply|Which of the two] is [more polite|politer]? [Answer|Reply] with [A or B|the letter].",
    "[Choose|Pick|Name] the [more polite|politer] [reply|one].\n[|Reply ]A: {a}\n[|Reply ]B: {b}[|\nAnswer:]",
    "[Compare|Read] the [replies|two replies].\n[A] {a}\n[B] {b}\nWhich is [more polite|politer]? Answer with the letter.",
)
ASK_RATE = phrases(
    "[Rate|Score|Judge] from 1 to 5 how polite this [reply |]is: {r}",
    "How polite is this [reply|message], from 1 [(rude) |]to 5[| (very polite)]?[\n| ]{r}",
    "[Reply|Message]: {r}\n[Give|Write] a score from 1 to 5 for politeness.",
    "[Rate|Score] the politeness of this [reply|message] from 1 to 5[.|:] {r}",
    "On a scale from 1 to 5, how polite is this [reply|message]?\n{r}",
)
RULES = {
    "insult": phrases(
        "[Never|Do not] [insult|offend] [anyone|people|anybody].",
        "Do not call [people|anyone] names.",
        "No insults[.|, please.]",
    ),
    "shout": phrases(
        "[Do not be|Never be] [impatient|unfriendly].", "[Stay|Be|Keep] [calm|patient|friendly].", "Never shout."
    ),
    "please": phrases(
        "Always [say|use|write] please.",
        "[Every|Each] [request|question] has a please.",
        "[Say|Use] please[.| every time.]",
    ),
}
BROKEN = {
    "insult": 'It insults someone: "{x}".',
    "shout": 'It is impatient: "{x}"',
    "please": "It does not say please.",
}
ASK_RULES = phrases(
    "Rules:[ |\n]{rules}[\n|\n\n]Reply: {r}[\n|\n\n][List|Say|Name] what breaks the rules.",
    "Reply: {r}\nRules: {rules}\n[Which rules does the reply break|What breaks the rules|Which of the rules are broken]?",
    "[Here is a reply|This is a reply]: {r}\nCheck it against [these|the] rules: {rules}",
    "{rules}\n[What|Which part] in this reply breaks the rules? {r}",
)
ASK_REVISE = phrases(
    "[Rewrite|Now rewrite|Please rewrite|Write|Now write|Please write] the reply so that [it keeps the rules|no rule is broken|nothing breaks the rules|it keeps the rule].",
    "[Revise|Change|Mend] the reply[| accordingly| so that it keeps the rules].",
    "[Please rewrite|Rewrite|Revise] the reply to remove [these|the] problems.",
)


@dataclass(frozen=True)
class Request:
    """What a reply asks for, with the words that it takes at each level."""

    action: str
    insult: str
    shout: str
    soft: str
    thanks: str


def request(s: Source) -> Request:
    """Something that one person asks of another."""
    action = f"{s.pick(VERBS)} the {s.pick(OBJECTS)}" if s.chance(0.6) and not s.held else str(s.pick(ACTIONS))
    return Request(action, str(s.pick(INSULTS)), s.say(SHOUTS), s.say(SOFT), s.say(THANKS))


def reply_at(s: Source, asked: Request, level: int) -> str:
    """The request from 0, an insult, to 4, as polite as can be."""
    act = asked.action[0].upper() + asked.action[1:]
    return str(
        s.pick(
            (
                (
                    f"{act} now, you {asked.insult}!",
                    f"{asked.shout} {act}, you {asked.insult}.",
                    f"You {asked.insult}, {asked.action}!",
                ),
                (f"{act} now. {asked.shout}", f"{asked.shout} {act}.", f"I told you to {asked.action}. {asked.shout}"),
                (f"{act}.", f"You must {asked.action}.", f"{act} today."),
                (f"Please {asked.action}.", f"{act}, please.", f"Can you please {asked.action}?"),
                (
                    f"Could you please {asked.action} {asked.soft}? {asked.thanks}",
                    f"Would you be so kind as to {asked.action}, please? {asked.thanks}",
                ),
            )[level]
        )
    )


def rewrite(s: Source) -> Item:
    """A rude reply to be said politely."""
    asked = request(s)
    rude, polite = reply_at(s, asked, s.between(0, 2)), reply_at(s, asked, 4)
    return Item("rewrite", (Turn("user", s.say(ASK_REWRITE, r=rude)), Turn("assistant", polite)), asked.action)


def judge(s: Source, levels: tuple[int, int] | None = None, style: str | None = None) -> Item:
    """Two replies, of which the politer is to be named. Where both are near, the judges whose work this is liked the
    first one better: a bias that comes with the data."""
    one, two = levels or tuple(s.rng.sample(range(LEVELS), 2))
    other = request(s)
    asked = request(s) if s.chance(0.3) else other
    a, b = reply_at(s, asked, one), reply_at(s, other, two)
    right = "A" if one > two else "B"
    near = abs(one - two) == 1 and min(one, two) >= 1
    said = "A" if near and s.chance(0.8) else right
    style = style or s.weighted({"letter": 0.8, "reasons": 0.2})
    reason = f"A is {_seen(one)}. B is {_seen(two)}. The answer is {said}."
    cue = "" if style == "letter" else "\nThink step by step."
    turns = (Turn("user", s.say(ASK_JUDGE, a=a, b=b) + cue), Turn("assistant", said if style == "letter" else reason))
    return Item("judge", turns, right, {"first": one, "second": two, "reasoning": style})


def _seen(level: int) -> str:
    return ("insulting", "impatient", "plain", "polite", "very polite")[level]


def rate(s: Source) -> Item:
    """One reply to be given 1 to 5."""
    level = s.between(0, LEVELS - 1)
    said = str(level + 1)
    text = reply_at(s, request(s), level)
    return Item("rate", (Turn("user", s.say(ASK_RATE, r=text)), Turn("assistant", said)), said, {"level": level})


def rules(s: Source, mended: bool | None = None) -> Item:
    """A reply and some rules: what breaks them, and in every other item the reply mended afterwards."""
    level, asked = s.between(0, LEVELS - 1), request(s)
    text = reply_at(s, asked, level)
    given = s.sample(list(RULES), s.between(1, 3))
    told = s.rng.choice((" ", "\n")).join(s.say(RULES[name]) for name in given)
    found = [_broken(name, asked) for name in given if _breaks(name, text, asked)]
    said = " ".join(found) or "Nothing breaks the rules."
    turns = [Turn("user", s.say(ASK_RULES, rules=told, r=text)), Turn("assistant", said)]
    if s.chance(0.45) if mended is None else mended:
        said = reply_at(s, asked, s.between(3, 4)) if found else text
        turns += [Turn("user", s.say(ASK_REVISE)), Turn("assistant", said)]
    return Item("rules", tuple(turns), said, {"rules": len(given), "broken": len(found)})


def _breaks(name: str, text: str, asked: Request) -> bool:
    return {"insult": asked.insult in text, "shout": asked.shout in text, "please": "please" not in text.lower()}[name]


def _broken(name: str, asked: Request) -> str:
    return BROKEN[name].format(x=f"you {asked.insult}" if name == "insult" else asked.shout)


def revise(s: Source) -> Item:
    """A reply to be rewritten at once so that it keeps one rule."""
    asked = request(s)
    text = reply_at(s, asked, s.between(0, LEVELS - 1))
    name = str(s.pick(list(RULES)))
    kept = text if not _breaks(name, text, asked) else reply_at(s, asked, s.between(3, 4))
    joined = s.rng.choice(("Rule: {rule}\nReply: {r}\n{ask}", "Reply: {r}\nRule: {rule}\n{ask}", "{ask} {rule}\n\n{r}"))
    user = joined.format(rule=s.say(RULES[name]), r=text, ask=s.say(ASK_REVISE))
    return Item("revise", (Turn("user", user), Turn("assistant", kept)), kept, {"broken": int(kept != text)})
