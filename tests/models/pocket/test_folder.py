from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import random_model

from scansion.errors import InputError
from scansion.models.pocket.engine import Engine
from scansion.models.pocket.folder import Folder, open_folder
from scansion.models.pocket.weights import load_weights


@pytest.fixture
def copy(folder: Folder, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder.path, tmp_path / "model"))


def edit(copy: Path, **fields: Any) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, **fields}))


def test_shape_and_size(folder: Folder) -> None:
    assert (folder.shape.width, folder.shape.head, folder.shape.context) == (48, 16, 256)
    assert folder.parameters == 384 * 48 + 48 + 2 * (4 * 48 * 48 + 3 * 48 * 96 + 2 * 48)


def test_the_digest_is_that_of_the_files(folder: Folder, copy: Path, tmp_path: Path) -> None:
    assert open_folder(copy).digest == folder.digest
    other = random_model.build(tmp_path / "other", seed=1)
    assert open_folder(other).digest != folder.digest
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text() + "\n")
    assert open_folder(copy).digest != folder.digest


@pytest.mark.parametrize("kind", ["F32", "BF16"])
def test_other_types_of_numbers(tmp_path: Path, folder: Folder, kind: str) -> None:
    other = load_weights(open_folder(random_model.build(tmp_path / kind, kind=kind)))
    np.testing.assert_allclose(other.embedding, load_weights(folder).embedding, atol=0.01)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model_type": "gpt2"}, "model_type is not llama"),
        ({"num_key_value_heads": 1}, "num_key_value_heads"),
        ({"head_dim": 7}, "head_dim"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"mlp_bias": True}, "biases"),
        ({"tie_word_embeddings": False}, "tied"),
        ({"num_attention_heads": 48}, "even multiple"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2}}, "scaled"),
        ({"hidden_size": "wide"}, "no configuration"),
        ({"num_attention_heads": 0}, "num_attention_heads"),
    ],
)
def test_another_kind_of_model(copy: Path, fields: dict[str, Any], said: str) -> None:
    edit(copy, **fields)
    with pytest.raises(InputError, match=said):
        open_folder(copy)


def test_rotary_base_in_either_place(copy: Path) -> None:
    edit(copy, rope_theta=None, rope_parameters={"rope_theta": 500.0, "rope_type": "default"})
    assert open_folder(copy).shape.base == 500.0


def test_a_file_that_is_missing(copy: Path, tmp_path: Path) -> None:
    (copy / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"no tokenizer\.json in it"):
        open_folder(copy)
    with pytest.raises(InputError, match="no such folder"):
        open_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("data", [b"", b"\x05", b"\xff" * 40, (9).to_bytes(8, "little") + b'{"a": 12}'])
def test_weights_that_are_none(copy: Path, data: bytes) -> None:
    (copy / "model.safetensors").write_bytes(data)
    with pytest.raises(InputError, match="no safetensors file"):
        open_folder(copy)


def test_weights_that_are_cut_short(copy: Path) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(InputError, match="cut short"):
        load_weights(open_folder(copy))


def test_weights_that_do_not_fit(copy: Path) -> None:
    edit(copy, intermediate_size=64)
    with pytest.raises(InputError, match=r"gate_proj.weight is of shape \[96, 48\]"):
        load_weights(open_folder(copy))
    edit(copy, num_hidden_layers=3, intermediate_size=96)
    with pytest.raises(InputError, match="missing"):
        load_weights(open_folder(copy))


def test_a_tokenizer_that_does_not_fit(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="no tokenizer"):
        Engine.open(open_folder(copy))
