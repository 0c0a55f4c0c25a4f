"""The embedded model: `pocket/small` and `pocket/tiny`, or a folder of the same kind: `pocket/./my-tuned-model`.

It runs in this process, with no key and no network. It is a wind tunnel, not an assistant: a real transformer, trained
from scratch on synthetic tasks, on which the effects of prompts, votes and examples can be measured in seconds. A path
is taken from the plan's folder. The model's identity is the digest of its files. Its price is notional, in proportion
to its size: nobody is paid.
"""

from __future__ import annotations

from scansion.errors import InputError, nearest
from scansion.models.pocket.folder import SHIPPED, open_folder, shipped
from scansion.models.pocket.model import Pocket
from scansion.models.providers._options import check_options
from scansion.models.registry import ModelSpec, providers

__all__ = ["pocket"]


@providers("pocket")
def pocket(spec: ModelSpec) -> Pocket:
    """The embedded model of that name, or the one in a folder. Raises InputError where there is none."""
    check_options(spec, ("timeout",))
    if spec.name in SHIPPED:
        return Pocket(spec.spec, f"pocket/{spec.name}", open_folder(shipped(spec.name)))
    if "," in spec.name:
        raise InputError(f"model {spec.spec!r}: several models are given one by one, each with its own -m")
    if not spec.name or ("/" not in spec.name and not spec.path.is_dir()):
        known = [f"pocket/{name}" for name in SHIPPED]
        raise InputError(
            f"model {spec.spec!r}: there is no such pocket model (a folder of your own is written pocket/./FOLDER); "
            f"{nearest(f'pocket/{spec.name}', known)}"
        )
    return Pocket(spec.spec, f"pocket/{spec.path.resolve().name}", open_folder(spec.path))
