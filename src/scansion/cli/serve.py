"""Offer the embedded models to other tools, over OpenAI's protocol.

  scansion serve pocket                     pocket/small and pocket/tiny
  scansion serve pocket/./my-tuned-model    one model
  scansion serve pocket --port 8000

There are /v1/models, /v1/chat/completions and /v1/completions. Only this machine can reach them. Ctrl-C ends it.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from scansion.cli._parser import Parser, whole_from_zero
from scansion.cli._show import put_out
from scansion.errors import InputError

if TYPE_CHECKING:
    from scansion.models.pocket.model import Pocket

PORT = 8642


def configure(parser: Parser) -> None:
    """The options of `scansion serve`."""
    parser.add_argument("model", metavar="MODEL", help="pocket, or one of its models")
    parser.add_argument(
        "--port", type=whole_from_zero, default=PORT, metavar="N", help=f"the port (default {PORT}; 0: any free one)"
    )


def main(args: Namespace) -> int:
    """Runs the command until it is interrupted."""
    import asyncio

    if args.port > 65_535:
        raise InputError(f"serve: --port: {args.port} is no port; give 0 to 65535")
    asyncio.run(_serve(_models(args.model), args.port))
    return 0


def _models(spec: str) -> dict[str, Pocket]:
    """The models to serve, by the name that they are asked for."""
    from scansion.models.pocket.folder import SHIPPED
    from scansion.models.pocket.model import Pocket
    from scansion.models.registry import open_model, parse_model

    specs = [f"pocket/{name}" for name in SHIPPED] if spec == "pocket" else [spec]
    found = {name: open_model(name) for name in specs if parse_model(name).provider == "pocket"}
    models = {model.served.partition("@")[0]: model for model in found.values() if isinstance(model, Pocket)}
    if not models:
        raise InputError(
            f"serve: {spec!r} is not served; write `scansion serve pocket` or `scansion serve pocket/small`"
        )
    return models


async def _serve(models: dict[str, Pocket], port: int) -> None:
    import asyncio

    from scansion.models.pocket.api import Api, refusal
    from scansion.models.pocket.server import listen

    server = await listen(Api(models), refusal, port)
    url = "http://{}:{}/v1".format(*server.sockets[0].getsockname())
    first = next(iter(models))
    put_out(f"{' and '.join(models)} at {url} (in Scansion: -m 'openai/{first}?base_url={url}'); Ctrl-C ends it\n")
    sys.stdout.flush()  # whoever reads it through a pipe waits for it
    try:
        await asyncio.Event().wait()  # serve_forever would wait, from Python 3.12 on, for clients that stay connected
    finally:
        server.close()
