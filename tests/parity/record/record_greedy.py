"""Record the tokens that openai-whisper and transformers decode, greedily and in fp32.

    python tests/parity/record/record_greedy.py --shared ../shared

Needs openai-whisper, transformers, faster-whisper (for its token lists) and the program ffmpeg.
Writes `tests/parity/fixtures/whisper/greedy.json`. Sound and mel are openai-whisper's, each window
scaled by its own loudest point; windows and limit are those of `tests/parity/windows.py`. Lists
that equal another are stored as null: see `windows.expected`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import tokenizers
import torch
import whisper
from faster_whisper.tokenizer import Tokenizer as Faster
from safetensors.torch import load_file
from transformers import WhisperForConditionalGeneration
from whisper.model import ModelDimensions

sys.path.insert(0, str(Path(__file__).parents[1]))
import windows

FIXTURE = Path(__file__).parents[1] / "fixtures/whisper/greedy.json"
BATCH = 16
NAMES = (
    ("self_attn.q_proj", "attn.query"),
    ("self_attn.k_proj", "attn.key"),
    ("self_attn.v_proj", "attn.value"),
    ("self_attn.out_proj", "attn.out"),
    ("self_attn_layer_norm", "attn_ln"),
    ("encoder_attn.q_proj", "cross_attn.query"),
    ("encoder_attn.k_proj", "cross_attn.key"),
    ("encoder_attn.v_proj", "cross_attn.value"),
    ("encoder_attn.out_proj", "cross_attn.out"),
    ("encoder_attn_layer_norm", "cross_attn_ln"),
    ("fc1", "mlp.0"),
    ("fc2", "mlp.2"),
    ("final_layer_norm", "mlp_ln"),
)


def openai_model(folder: Path) -> whisper.model.Whisper:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    width, heads = config["d_model"], config["encoder_attention_heads"]
    sizes = ModelDimensions(
        config["num_mel_bins"], 1500, width, heads, config["encoder_layers"],
        config["vocab_size"], 448, width, heads, config["decoder_layers"],
    )  # fmt: skip
    renamed = {}
    for name, array in load_file(folder / "model.safetensors").items():
        new = name.removeprefix("model.").replace(".layers.", ".blocks.")
        for theirs, openai in NAMES:
            new = new.replace(theirs, openai)
        new = new.replace("embed_positions.weight", "positional_embedding")
        new = new.replace("decoder.embed_tokens", "decoder.token_embedding")
        new = re.sub(r"^encoder\.layer_norm", "encoder.ln_post", new)
        new = re.sub(r"^decoder\.layer_norm", "decoder.ln", new)
        if new != "proj_out.weight":
            renamed[new] = array.float()
    model = whisper.model.Whisper(sizes).eval()
    model.load_state_dict(renamed, strict=True)
    return model


def mel_of(data: Path, pieces: list[tuple[str, float, float]]) -> torch.Tensor:
    """`(windows, bands, frames)`; scaled row by row, which openai's function is not on batches."""
    sound: dict[str, object] = {}
    rows = []
    for name, start, seconds in pieces:
        if name not in sound:
            sound[name] = whisper.load_audio(str(data / name))
        first = round(start * 16_000)
        last = first + round(seconds * 16_000) if start or name == windows.LONG else None
        piece = whisper.pad_or_trim(sound[name][first:last])
        rows.append(whisper.log_mel_spectrogram(torch.from_numpy(piece)))
    return torch.stack(rows)


def by_openai(folder: Path, mel: torch.Tensor, symbols: list[int]) -> dict[str, dict]:
    """Results of every mode; what the encoder heard is shared between the modes."""
    model = openai_model(folder)
    with torch.no_grad():
        features = [model.encoder(batch) for batch in mel.split(BATCH)]
    found: dict[str, dict] = {}
    for name, mode in windows.MODES.items():
        begin = time.perf_counter()
        options = whisper.DecodingOptions(
            language="en",
            without_timestamps=not mode.timestamps,
            temperature=0.0,
            fp16=False,
            suppress_tokens=symbols if mode.rules else "",
            suppress_blank=mode.rules,
            sample_len=windows.LIMIT,
        )
        rows = [row for batch in features for row in model.decode(batch, options)]
        found[name] = {
            "tokens": [row.tokens for row in rows],
            "avg_logprob": [round(row.avg_logprob, 5) for row in rows],
            "no_speech_prob": [float(f"{row.no_speech_prob:.4e}") for row in rows],
        }
        print("openai-whisper", name, f"{time.perf_counter() - begin:.0f} s", flush=True)
    return found


def by_transformers(folder: Path, mel: torch.Tensor, symbols: list[int]) -> dict[str, list]:
    """Token lists of the modes with rules; control tokens are suppressed as openai-whisper does."""
    model = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    settings = model.generation_config
    controls = [50257, 50357, 50358, 50359, 50360, 50361]
    settings.begin_suppress_tokens = [220, 50256]
    found: dict[str, list] = {}
    for name in ("text", "times"):
        begin = time.perf_counter()
        settings.suppress_tokens = sorted({*symbols, *controls})
        timestamps, found[name] = windows.MODES[name].timestamps, []
        for batch in mel.split(BATCH):
            rows = model.generate(
                batch,
                return_timestamps=timestamps,
                max_new_tokens=windows.LIMIT,
                do_sample=False,
                num_beams=1,
                force_unique_generate_call=True,
            )
            start = 1 if timestamps else 2
            for row in rows.tolist():
                assert row[:start] == [50257, 50362][:start], row[:4]
                tokens = row[start:]
                found[name].append(tokens[: tokens.index(50256)] if 50256 in tokens else tokens)
        print("transformers", name, f"{time.perf_counter() - begin:.0f} s", flush=True)
    return found


def provenance() -> dict[str, str]:
    packages = ("openai-whisper", "transformers", "torch", "faster-whisper")
    return {
        **{package: importlib.metadata.version(package) for package in packages},
        "python": platform.python_version(),
        "date": date.today().isoformat(),
        "command": "python tests/parity/record/record_greedy.py " + " ".join(sys.argv[1:]),
    }


def write(content: dict) -> None:
    text = json.dumps(content, separators=(",", ":"))
    text = text.replace("],[", "],\n[").replace('},"', '},\n"')
    FIXTURE.write_text(text + "\n", encoding="utf-8")
    print(FIXTURE.name, FIXTURE.stat().st_size, "bytes")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, required=True, help="recordings and models")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder, data = options.shared / "models/mini-en", options.shared / "data"
    symbols = list(
        Faster(
            tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")), multilingual=False
        ).non_speech_tokens
    )
    pieces = windows.chosen(data)
    mel = mel_of(data, pieces)
    print(len(pieces), "windows", flush=True)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(by_transformers, folder, mel, symbols)
        results = by_openai(folder, mel, symbols)
    for name, rows in second.result().items():
        results[name]["transformers"] = rows
        differ = sum(a != b for a, b in zip(results[name]["tokens"], rows, strict=True))
        print(name, differ, "windows differ between the two")
    write({"provenance": provenance(), "windows": pieces, "modes": windows.compact(results)})


if __name__ == "__main__":
    main()
