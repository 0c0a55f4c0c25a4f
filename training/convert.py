"""Writes trained weights in Hugging Face layout, float16: python -m training.convert OUT FOLDER."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from training.model import SHAPES

CHAT = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}<end>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def convert(out: Path, folder: Path) -> None:
    """Write the checkpoint of the training in `out` to `folder`."""
    size = json.loads((out / "progress.json").read_text())["size"]
    state = torch.load(out / "checkpoint.pt", weights_only=True, map_location="cpu")["model"]
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": weight.to(torch.float16).contiguous() for name, weight in state.items()}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    shutil.copyfile(out / "tokenizer.json", folder / "tokenizer.json")
    _write(folder / "config.json", SHAPES[size].config())
    _write(folder / "generation_config.json", {"eos_token_id": 1, "pad_token_id": 0})
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "pad_token": "<pad>",
            "eos_token": "<end>",
            "model_max_length": SHAPES[size].max_position_embeddings,
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT,
        },
    )


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder of a training")
    parser.add_argument("folder", type=Path, help="where to write, such as src/scansion/models/pocket/weights/small")
    args = parser.parse_args()
    convert(args.out, args.folder)


if __name__ == "__main__":
    main()
