"""What has no price is called by its own name, be it only a part of a variant."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from scansion.errors import InputError
from scansion.experiments.frontier import frontier_of
from scansion.report.sentences import remarks


def test_the_model_without_a_price_is_named_and_not_the_variants_own(
    project: Any, fault_server: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    project.rows(3)
    with fault_server.FaultServer() as server:
        known, unknown = (f"openai/{name}?base_url={server.url}/v1" for name in ("gpt-5-mini", "nobodys-own"))
        project.write("again.prompty", "---\nname: again\n---\nuser:\nIs that so? {{ draft }}")
        techniques = ["as-is", f'using("{unknown}")', f'chain(using("{unknown}"))']
        result = project.run(prompts=["direct.txt"], models=[known], techniques=techniques, scorers=["numeric"])
    plain, *others = result.variants
    assert plain.cost_usd is not None
    assert [other.cost_usd for other in others] == [None, None]
    assert plain.without_price == ()
    [said] = [line for line in remarks(result) if "no price" in line]
    assert said == f"no price is known for {unknown}"
    with project.lab() as lab:
        assert frontier_of(lab).notes[0].startswith(f"no price is known for {unknown}: ")
        project.run(prompts=["direct.txt"], models=[known], techniques=techniques[1:], scorers=["numeric"])
        with pytest.raises(InputError, match="no price is known for openai/nobodys-own"):
            frontier_of(lab, by="cost")
