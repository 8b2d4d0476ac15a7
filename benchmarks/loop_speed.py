"""Speed of encoder and decoding loop at real sizes, random weights, beside mlx-whisper and PyTorch.

    python benchmarks/loop_speed.py --shapes turbo large-v3 --batches 1 8 32 --out results/x.json

Ours runs through the product's own loop with default rules. Every engine encodes the same random
features and writes the same number of tokens, in float16, in turn, several times; the median
counts. The peers are measured where they can be imported.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import json
import platform
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whisperx._mlx import mx
from whisperx.asr.decode import DecodeBatch, Vocabulary, decode
from whisperx.asr.options import DecodeRequest
from whisperx.asr.rules import SuppressAtStart, SuppressTokens
from whisperx.asr.search import Greedy
from whisperx.models.whisper import Whisper, WhisperConfig
from whisperx.types import Audio

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = 100
END, START = 50257, 50258
PROMPT = (START, 50259, 50360, 50364)
SUPPRESSED = tuple(range(1, 91))  # as many as Whisper's own list has
SHAPES = {
    "turbo": {"d_model": 1280, "encoder_layers": 32, "decoder_layers": 4, "heads": 20},
    "large-v3": {"d_model": 1280, "encoder_layers": 32, "decoder_layers": 32, "heads": 20},
    "small": {"d_model": 768, "encoder_layers": 12, "decoder_layers": 12, "heads": 12},
}
VOCABULARY, BANDS = 51866, 128


def main() -> None:
    """Measure every engine at every shape and batch; print and write."""
    options = _arguments()
    rows = []
    for shape in options.shapes:
        for name in options.engines:
            engine = ENGINES[name](SHAPES[shape])
            for batch in options.batches:
                mel = np.random.default_rng(0).normal(size=(batch, 3000, BANDS)) * 0.3
                row = _measure(engine, mel.astype(np.float32), options.repeats)
                rows.append({"shape": shape, "engine": name, "batch": batch, **row})
                print(json.dumps(rows[-1]), flush=True)
            del engine
            gc.collect()
            mx.clear_cache()
    if options.out:
        report = {
            "command": "python benchmarks/loop_speed.py " + " ".join(sys.argv[1:]),
            "date": date.today().isoformat(),
            "tokens": TOKENS,
            "device": options.device_name or platform.processor(),
            "versions": {name: _version(name) for name in PACKAGES},
            "rows": rows,
        }
        options.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def _measure(engine: Engine, mel: np.ndarray, repeats: int) -> dict[str, Any]:
    encode, write = engine.prepare(mel)
    encode()
    count = write()
    encode_ms, write_ms = [], []
    for _ in range(repeats):
        for run, times in ((encode, encode_ms), (write, write_ms)):
            begun = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - begun))
    return {
        "encode_ms": round(statistics.median(encode_ms), 1),
        "decode_ms": round(statistics.median(write_ms), 1),
        "tokens_per_row": count,
    }


class Engine:
    """Something that encodes a batch and writes tokens from it."""

    def prepare(self, mel: np.ndarray) -> tuple[Callable[[], Any], Callable[[], int]]:
        """Functions that encode `mel` `(batch, 3000, bands)` and that write tokens from it.

        The second gives the number of tokens per row.
        """
        raise NotImplementedError


class Ours(Engine):
    """The product's own loop."""

    def __init__(self, shape: dict[str, int]) -> None:
        width, heads = shape["d_model"], shape["heads"]
        config = WhisperConfig(
            width, shape["encoder_layers"], heads, 4 * width,
            shape["decoder_layers"], heads, 4 * width, VOCABULARY, BANDS,
        )  # fmt: skip
        self._network = Whisper(config)
        self._network.set_dtype(mx.float16)
        mx.eval(self._network)

    def prepare(self, mel: np.ndarray) -> tuple[Callable[[], Any], Callable[[], int]]:
        """See `Engine`."""
        network = self._network
        inputs = mx.array(mel).astype(mx.float16)
        features = network.encoder(inputs)
        mx.eval(inputs, features)
        silence = Audio(np.zeros(0, np.float32))
        requests = [DecodeRequest(index, silence, PROMPT) for index in range(len(mel))]
        rules = [
            SuppressAtStart((220, END), VOCABULARY),
            SuppressTokens((*SUPPRESSED, END), VOCABULARY),
        ]

        def write() -> int:
            batch = DecodeBatch(
                network.decoder, Greedy(), rules, Vocabulary(END, 50365, 50363, 448), TOKENS
            )
            results = list(decode(batch, requests, lambda _: features, len(requests)))
            return min(len(result.tokens) for result in results)

        return lambda: mx.eval(network.encoder(inputs)), write


class MlxWhisper(Engine):
    """mlx-whisper as published: its own `decode` over a batch of features."""

    def __init__(self, shape: dict[str, int]) -> None:
        from mlx_whisper.whisper import ModelDimensions
        from mlx_whisper.whisper import Whisper as Theirs

        width, heads = shape["d_model"], shape["heads"]
        dims = ModelDimensions(
            BANDS, 1500, width, heads, shape["encoder_layers"],
            VOCABULARY, 448, width, heads, shape["decoder_layers"],
        )  # fmt: skip
        self._model = Theirs(dims, mx.float16)
        self._model.set_dtype(mx.float16)
        mx.eval(self._model)

    def prepare(self, mel: np.ndarray) -> tuple[Callable[[], Any], Callable[[], int]]:
        """See `Engine`."""
        from mlx_whisper.decoding import DecodingOptions, decode

        inputs = mx.array(mel).astype(mx.float16)
        features = self._model.embed_audio(inputs)
        mx.eval(inputs, features)
        options = DecodingOptions(
            language="en", without_timestamps=True, sample_len=TOKENS, fp16=True,
            suppress_tokens=[*SUPPRESSED, END],
        )  # fmt: skip

        def write() -> int:
            results = decode(self._model, features, options)
            results = results if isinstance(results, list) else [results]
            return min(len(result.tokens) for result in results)

        return lambda: mx.eval(self._model.embed_audio(inputs)), write


class Transformers(Engine):
    """Hugging Face transformers on PyTorch with its fused attention."""

    def __init__(self, shape: dict[str, int]) -> None:
        import torch
        from transformers import WhisperConfig as TheirConfig
        from transformers import WhisperForConditionalGeneration

        width = shape["d_model"]
        config = TheirConfig(
            vocab_size=VOCABULARY, num_mel_bins=BANDS, d_model=width,
            encoder_layers=shape["encoder_layers"], decoder_layers=shape["decoder_layers"],
            encoder_attention_heads=shape["heads"], decoder_attention_heads=shape["heads"],
            encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width,
            decoder_start_token_id=START, eos_token_id=END, pad_token_id=END, bos_token_id=END,
            suppress_tokens=[*SUPPRESSED], begin_suppress_tokens=[220, END],
        )  # fmt: skip
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.float16 if self._device == "cuda" else torch.float32
        self._model = WhisperForConditionalGeneration(config).to(self._device, dtype).eval()

    def prepare(self, mel: np.ndarray) -> tuple[Callable[[], Any], Callable[[], int]]:
        """See `Engine`."""
        from transformers import GenerationMixin
        from transformers.modeling_outputs import BaseModelOutput

        torch, model = self._torch, self._model
        inputs = torch.from_numpy(mel).transpose(1, 2).to(self._device, model.dtype).contiguous()
        prompt = torch.tensor([PROMPT] * len(mel), device=self._device)
        with torch.inference_mode():
            hidden = model.model.encoder(inputs).last_hidden_state

        def encode() -> None:
            with torch.inference_mode():
                model.model.encoder(inputs)
            if self._device == "cuda":
                torch.cuda.synchronize()

        def write() -> int:
            with torch.inference_mode():
                # Whisper's own generate adds rules and fallbacks; the plain one does not.
                ids = GenerationMixin.generate(
                    model, encoder_outputs=BaseModelOutput(last_hidden_state=hidden),
                    decoder_input_ids=prompt, do_sample=False, num_beams=1,
                    max_new_tokens=TOKENS, min_new_tokens=TOKENS,
                )  # fmt: skip
            return ids.shape[1] - len(PROMPT)

        return encode, write


ENGINES = {"ours": Ours, "mlx-whisper": MlxWhisper, "transformers": Transformers}
PACKAGES = ("mlx", "mlx-whisper", "transformers", "torch")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["turbo"])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["ours"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device-name", help="what the device is called in the report")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
