"""Make the folder of the bundled model out of a trained Hugging Face Whisper folder.

usage: python tools/bundle_model.py TRAINED_FOLDER [--bits 8] [--out src/whisperx/assets/mini-en]

The token table is stored without repeated rows; the matrices of encoder and decoder layers are
quantized. Run benchmarks/wer_report.py on the result before shipping it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from whisperx.weights import checkpoint, save

_GROUP_SIZE = 64
_CONTROL_TOKENS = range(50357, 50362)  # translate, transcribe, startoflm, startofprev, nospeech
_COPIED = ["preprocessor_config.json", "tokenizer_config.json"]


def main() -> None:
    """Read, shrink, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--bits", type=int, choices=[4, 8, 16], default=8)
    parser.add_argument("--out", type=Path, default=Path("src/whisperx/assets/mini-en"))
    options = parser.parse_args()
    config = checkpoint.read_config(options.trained)
    weights = save.share_rows(checkpoint.read_weights(options.trained))
    weights.pop("model.encoder.embed_positions.weight", None)  # sinusoids: made when loading
    weights.pop("proj_out.weight", None)  # the token table
    if options.bits < 16:
        weights = save.quantize(
            weights,
            bits=options.bits,
            group_size=_GROUP_SIZE,
            wanted=lambda name: ".layers." in name,
        )
        config["quantization"] = {"bits": options.bits, "group_size": _GROUP_SIZE}
    save.write(options.out, config, weights)
    for name in _COPIED:
        shutil.copyfile(options.trained / name, options.out / name)
    generation = json.loads((options.trained / "generation_config.json").read_text("utf-8"))
    # Nothing but the control tokens: Whisper's own list, spelled in this model's few merges, would
    # ban the bare space (`dev/LOG.md`), and an empty list stands for Whisper's own.
    generation["suppress_tokens"] = generation["suppress_tokens"] or list(_CONTROL_TOKENS)
    text = json.dumps(generation, indent=1, sort_keys=True)
    (options.out / "generation_config.json").write_text(text + "\n", "utf-8")
    tokenizer = json.loads((options.trained / "tokenizer.json").read_text("utf-8"))
    compact = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))
    (options.out / "tokenizer.json").write_text(compact, "utf-8")


if __name__ == "__main__":
    main()
