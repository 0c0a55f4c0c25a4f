"""Names as they are shown: without the address of the server that all models share, which the head names once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import structs

from scansion.experiments.results import RunResult

__all__ = ["AT", "joined", "located", "shortener", "shown"]

AT = " at "
"""What stands between a model and the host of its server."""

_ADDRESS = "base_url="


def shortener(models: Iterable[str]) -> Callable[[str], str]:
    """A function that takes the address of the server of `models` out of a text.

    It changes nothing where the models have several addresses, or where two of them differ in nothing else.
    """
    short = {model: _without(model) for model in models}
    addresses = {address for model in short for address in _addresses(model)}
    if not addresses or len(addresses) > 1 or len(set(short.values())) < len(short):
        return lambda text: text
    [address] = addresses
    return lambda text: text.replace(f"?{address}&", "?").replace(f"?{address}", "").replace(f"&{address}", "")


def _options(model: str) -> tuple[str, list[str]]:
    plain, _, query = model.partition("?")
    return plain, query.split("&") if query else []


def _addresses(model: str) -> list[str]:
    return [option for option in _options(model)[1] if option.startswith(_ADDRESS)]


def _without(model: str) -> str:
    plain, options = _options(model)
    kept = "&".join(option for option in options if not option.startswith(_ADDRESS))
    return f"{plain}?{kept}" if kept else plain


def located(model: str) -> str:
    """A model with the host of its address in place of the address: `openai/m at 127.0.0.1:8000`."""
    from urllib.parse import unquote, urlsplit

    addresses = _addresses(model)
    if len(addresses) != 1:
        return model
    try:
        host = urlsplit(unquote(addresses[0].removeprefix(_ADDRESS))).netloc.rpartition("@")[2]
    except ValueError:
        return model
    return _without(model) + AT + host if host else model


def shown(result: RunResult) -> RunResult:
    """`result` with every name and note as it is shown; a model's address is shown by its host."""
    short = shortener(v.model for v in result.variants)
    return structs.replace(
        result,
        variants=[structs.replace(v, name=short(v.name), model=located(v.model)) for v in result.variants],
        comparisons=[structs.replace(c, a=short(c.a), b=short(c.b)) for c in result.comparisons],
        baseline=short(result.baseline),
        savings=[structs.replace(c, baseline=short(c.baseline), variant=short(c.variant)) for c in result.savings],
        agreements=[structs.replace(c, a=short(c.a), b=short(c.b)) for c in result.agreements],
        checklists=[structs.replace(c, variant=short(c.variant)) for c in result.checklists],
        notes=_merged([short(note) for note in result.notes], [short(v.name) for v in result.variants]),
        gates=[structs.replace(g, rule=short(g.rule), detail=short(g.detail)) for g in result.gates],
    )


def _merged(notes: Sequence[str], names: Sequence[str]) -> list[str]:
    """Notes that say the same of several variants as one each, at the place of the first."""
    said: dict[str, list[str]] = {}
    for note in notes:
        name = max((n for n in names if note.startswith(f"{n}: ")), key=len, default="")
        about = said.setdefault(note[len(name) + 2 :] if name else note, [])
        if name and name not in about:
            about.append(name)
    return [f"{joined(about, names)}: {text}" if about else text for text, about in said.items()]


def joined(some: Sequence[str], every: Sequence[object]) -> str:
    """The names of some variants in a sentence: `all variants` where there are several and these are all."""
    if len(some) == len(every) > 1:
        return "all variants"
    return ", ".join("`" + name.replace("`", "'") + "`" for name in some)
