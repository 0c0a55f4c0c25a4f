"""Sentence encoders on this machine: with the library a real tiny one made here; without it, what is said."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scansion.errors import InputError
from scansion.models.gateway import Gateway
from scansion.models.lm import LM, Trace

here = importlib.util.find_spec("sentence_transformers") is not None
real = pytest.mark.skipif(not here, reason="sentence-transformers is not installed (pip install 'scansion[embed]')")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog", "sat", "the"]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def made(folder: Path) -> Path:
    """A BERT of random weights with mean pooling, as the library saves it."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from tokenizers import Tokenizer, processors
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    words.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    named = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]", **named).save_pretrained(folder / "raw")
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=32, **shape)).save_pretrained(folder / "raw")
    encoder = models.Transformer(str(folder / "raw"), max_seq_length=16)
    SentenceTransformer(modules=[encoder, models.Pooling(16)]).save(str(folder / "model"))
    return folder / "model"


@real
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_in_a_folder_gives_its_own_vectors(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = made(tmp_path)

    async def main() -> tuple[Any, Trace, str]:
        gateway, trace = Gateway(base_dir=tmp_path), Trace()
        lm = LM(gateway, gateway.channel("sentence-transformers/./model"), trace)
        gateway.check()
        found = await lm.embed(["the cat sat", "a dog", "the cat sat"])
        await gateway.close()
        return found, trace, lm.channel.model.identity

    found, trace, identity = asyncio.run(main())
    expected = SentenceTransformer(str(folder)).encode(["the cat sat", "a dog"])
    assert np.allclose(found[:2], expected, atol=1e-5)
    assert np.array_equal(found[0], found[2])
    assert [call.cost_usd for call in trace.calls] == [0.0, 0.0]
    (folder / "config_sentence_transformers.json").write_text("{}")
    assert Gateway(base_dir=tmp_path).channel("sentence-transformers/./model").model.identity != identity


@real
def test_nothing_is_downloaded_unless_told() -> None:
    gateway = Gateway()
    gateway.channel("sentence-transformers/no-such-model-here")
    with pytest.raises(InputError, match=r"is not on this machine; add \?download=true"):
        gateway.check()


@real
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("sentence-transformers/./nothing", "no sentence-transformers model in"),
        ("sentence-transformers/x?download=perhaps", "download is true or false, not 'perhaps'"),
        ("sentence-transformers/x?batch=0", "batch is a whole number of texts from 1"),
        ("sentence-transformers/x?base_url=http://h", "has no use for option 'base_url'"),
        ("sentence-transformers", "names no model"),
    ],
)
def test_a_wrong_spec_is_refused(spec: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        Gateway(base_dir=tmp_path).channel(spec)


@pytest.mark.skipif(here, reason="sentence-transformers is installed")
def test_without_the_library_the_line_to_install_it_is_given() -> None:
    with pytest.raises(InputError, match=r"needs a package: pip install 'scansion\[embed\]'"):
        Gateway().channel("sentence-transformers/all-MiniLM-L6-v2")


def test_a_model_is_called_the_same_before_and_after_its_weights_are_here(monkeypatch, tmp_path: Path) -> None:
    import huggingface_hub

    from scansion.models.providers.sentence_transformers import _revision

    kept: dict[str, str] = {}

    def fetched(repository: str, file: str) -> str:
        if repository != "sentence-transformers/tiny" or file != "modules.json":
            raise FileNotFoundError(repository)
        kept[f"{repository}/{file}"] = str(tmp_path / "snapshots" / "c0ffee" / file)
        return kept[f"{repository}/{file}"]

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda name, file: kept.get(f"{name}/{file}"))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetched)
    assert _revision("tiny", fetch=False) == ""
    assert _revision("none", fetch=True) == ""
    assert _revision("tiny", fetch=True) == _revision("tiny", fetch=False) == "c0ffee"
