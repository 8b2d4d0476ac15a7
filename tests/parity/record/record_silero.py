"""Convert Silero's weights and record what the original computes. Needs torch and silero-vad.

    PYTHONPATH=src python tests/parity/record/record_silero.py weights
    PYTHONPATH=src python tests/parity/record/record_silero.py fixtures --shared ../shared/data

`weights` writes `src/whisperx/assets/silero_vad/model.safetensors` and prints the checksums that
its card names. `fixtures` writes `tests/parity/fixtures/silero`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

REPOSITORY = Path(__file__).parents[3]
ASSET = REPOSITORY / "src/whisperx/assets/silero_vad/model.safetensors"
FIXTURES = REPOSITORY / "tests/parity/fixtures/silero"

# Inside the repository: public domain (LJ) and CC0 (Common Voice); cut to `seconds`.
CLIPS = {
    "english": ("words/ljspeech-LJ001-0002.flac", 1.9),
    "welsh": ("languages/cy-1.mp3", 6.0),
    "tamil": ("languages/ta-2.mp3", 4.0),
}

# Read from the shared folder: one or two of every corpus and every file format.
SHARED = (
    "adapt-en", "dev-en", "diarization-golden", "languages", "noise", "speakers", "train-en",
    "words",
)  # fmt: skip


def original_path() -> Path:
    """Where the TorchScript of the installed silero-vad lies; its package is not imported."""
    spec = importlib.util.find_spec("silero_vad")
    assert spec is not None, "silero-vad is not installed"
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "silero_vad.jit"


def original() -> torch.jit.ScriptModule:
    torch.set_num_threads(1)
    return torch.jit.load(str(original_path())).eval()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def convert() -> None:
    """The 16 kHz half of the TorchScript, renamed and in MLX's layouts."""
    prefix = "_model."
    state = {
        name.removeprefix(prefix): array.numpy()
        for name, array in original().state_dict().items()
        if name.startswith(prefix)
    }
    state.pop("stft.forward_basis_buffer")  # computed by the network
    weights = {
        "lstm.Wx": state.pop("decoder.rnn.weight_ih"),
        "lstm.Wh": state.pop("decoder.rnn.weight_hh"),
        "lstm.bias": state.pop("decoder.rnn.bias_ih") + state.pop("decoder.rnn.bias_hh"),
        "decoder.weight": state.pop("decoder.decoder.2.weight")[:, :, 0],
        "decoder.bias": state.pop("decoder.decoder.2.bias"),
    }
    for index in range(4):
        source = f"encoder.{index}.reparam_conv"
        # torch keeps outputs, inputs, taps; MLX wants the taps in the middle.
        weight = state.pop(f"{source}.weight").transpose(0, 2, 1)
        weights[f"encoder.layers.{index}.weight"] = weight
        weights[f"encoder.layers.{index}.bias"] = state.pop(f"{source}.bias")
    assert not state, f"not converted: {sorted(state)}"
    ASSET.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    save_file(arrays, ASSET, metadata={"format": "mlx"})
    print("source", importlib.metadata.version("silero-vad"), sha256(original_path()))
    print("asset ", ASSET.stat().st_size, sha256(ASSET))


@torch.no_grad()
def probabilities(model: torch.jit.ScriptModule, samples: np.ndarray) -> np.ndarray:
    """What the original gives for a whole recording, as `get_speech_timestamps` feeds it."""
    padded = np.pad(samples, (0, -len(samples) % 512))
    return model.audio_forward(torch.from_numpy(padded)[None], 16_000)[0].numpy()


@torch.no_grad()
def layers(model: torch.jit.ScriptModule, samples: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Spectra, features and LSTM states of the first chunks, to see where a difference begins."""
    inner, context, state = model._model, torch.zeros(1, 64), torch.zeros(0)
    found: dict[str, list[np.ndarray]] = {"magnitudes": [], "features": [], "states": []}
    for index in range(count):
        chunk = torch.from_numpy(samples[index * 512 : index * 512 + 512])[None]
        window = torch.cat([context, chunk], 1)
        magnitudes = inner.run_extractors(window)
        features = inner.encoder(magnitudes)
        _, state = inner.decoder(features, state)
        context = window[:, -64:]
        found["magnitudes"].append(magnitudes[0].T.numpy())
        found["features"].append(features[0, :, 0].numpy())
        found["states"].append(state[:, 0].numpy())
    return {name: np.stack(arrays) for name, arrays in found.items()}


def clips(shared: Path) -> dict[str, np.ndarray]:
    """Short sounds as int16: speech, and the lengths at which chunking can go wrong."""
    from whisperx.audio.decode import decode

    noise = np.random.default_rng(0)
    found = {}
    for name, (path, seconds) in CLIPS.items():
        samples = decode(shared / path).samples[: int(seconds * 16_000)]
        found[name] = np.round(samples * 32768).astype(np.int16)
    found["silence"] = np.zeros(5 * 512, np.int16)
    found["hiss"] = noise.normal(0, 900, 40 * 512 + 1).astype(np.int16)
    found["one_chunk"] = found["english"][4000 : 4000 + 512]
    found["below_one_chunk"] = found["english"][4000 : 4000 + 100]
    found["one_more_sample"] = found["english"][4000 : 4000 + 513]
    return found


def picks(shared: Path) -> list[Path]:
    found = [shared / "long/LJ001.opus"]
    for folder in SHARED:
        files = sorted(
            path for path in (shared / folder).iterdir()
            if path.suffix in {".opus", ".mp3", ".wav", ".flac"}
        )  # fmt: skip
        found.append(files[len(files) // 2])
    return found


def record(shared: Path) -> None:
    from whisperx.audio.decode import decode

    model = original()
    FIXTURES.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, np.ndarray] = {}
    for name, samples in clips(shared).items():
        arrays[f"{name}.samples"] = samples
        arrays[f"{name}.probabilities"] = probabilities(model, samples.astype(np.float32) / 32768)
    english = arrays["english.samples"].astype(np.float32) / 32768
    for name, array in layers(model, english, 12).items():
        arrays[f"layers.{name}"] = array
    np.savez_compressed(FIXTURES / "clips.npz", **arrays)
    recordings = {
        str(path.relative_to(shared)): probabilities(model, decode(path).samples)[:4000]
        for path in picks(shared)
    }
    np.savez_compressed(FIXTURES / "shared.npz", **recordings)
    provenance = {
        "command": "PYTHONPATH=src python tests/parity/record/record_silero.py fixtures",
        "date": date.today().isoformat(),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "silero-vad": importlib.metadata.version("silero-vad"),
        "silero_vad.jit sha256": sha256(original_path()),
        "clips": {name: path for name, (path, _) in CLIPS.items()},
        "shared": sorted(recordings),
    }
    (FIXTURES / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["weights", "fixtures"])
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared" / "data")
    options = parser.parse_args()
    if options.what == "weights":
        convert()
    else:
        record(options.shared)


if __name__ == "__main__":
    main()
