"""The embedded model: a small transformer that is run in this process, on numpy.

`folder` finds and identifies a model without loading it, `weights` loads it, `network` is the transformer, `sampler`
draws tokens, `draw` is one reply in the making, `engine` gathers replies into batches, `model` is the engine seen
from asyncio, and `api` offers it over HTTP (`server`) in OpenAI's form (`wire`).
"""
