"""Make the clips of tests/data/audio and record what ffmpeg reads in them.

    python tests/parity/record/record_decode.py [--data ../shared/data]

Needs ffmpeg (with libx264, libmp3lame, libopus, libvorbis) and numpy. The speech is a piece of
LJ Speech, which is in the public domain. `expected.npz` holds, for each clip, the 16-bit samples
of WhisperX's own command; `provenance.json` says which ffmpeg made them, when and how.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[3]
SPEECH = "words/ljspeech-LJ001-0151.flac"

# Speech on the left, softer and with a 440 Hz tone on the right: no channel equals the mix.
STEREO = "aeval=val(0)|0.4*val(0)+0.05*sin(2*PI*440*t),pan=stereo|c0=c0|c1=c1"
SURROUND = (
    "aeval=val(0)|0.5*val(0)|0.1*sin(2*PI*440*t)|0.05*sin(2*PI*50*t)|0.3*val(0)|-0.2*val(0)"
    ",pan=5.1|c0=c0|c1=c1|c2=c2|c3=c3|c4=c4|c5=c5"
)
# Keeps dates and encoder versions out of the files.
EXACT = ["-map_metadata", "-1", "-flags", "+bitexact", "-fflags", "+bitexact"]
RED = ["-f", "lavfi", "-i", "color=red:s=16x16:r=5"]

# name -> (seconds, options between input and output). Opus in Matroska is made at 48 kHz:
# at 16 kHz the muxer of FFmpeg 5 writes a wrong delay, which FFmpeg 8 believes and 5 does not.
CLIPS = {
    "8k_mono_s16.wav": (0.2, ["-ar", "8000", "-c:a", "pcm_s16le"]),
    "16k_mono_s16.wav": (0.2, ["-ar", "16000", "-c:a", "pcm_s16le"]),
    "22k_stereo_u8.wav": (0.2, ["-af", STEREO, "-ar", "22050", "-c:a", "pcm_u8"]),
    "44k_mono_f32.wav": (0.1, ["-ar", "44100", "-c:a", "pcm_f32le"]),
    "44k_stereo_s16.wav": (0.1, ["-af", STEREO, "-ar", "44100", "-c:a", "pcm_s16le"]),
    "48k_stereo_s24.wav": (0.1, ["-af", STEREO, "-ar", "48000", "-c:a", "pcm_s24le"]),
    "48k_surround_s16.wav": (0.07, ["-af", SURROUND, "-ar", "48000", "-c:a", "pcm_s16le"]),
    "22k_mono.flac": (0.3, ["-ar", "22050", "-sample_fmt", "s16"]),
    "44k_stereo.mp3": (0.6, ["-af", STEREO, "-ar", "44100", "-b:a", "64k"]),
    "22k_mono.mp3": (0.6, ["-ar", "22050", "-b:a", "24k"]),
    "no_length.mp3": (0.5, ["-ar", "16000", "-b:a", "24k", "-write_xing", "0"]),
    "48k_stereo.m4a": (0.6, ["-af", STEREO, "-ar", "48000", "-b:a", "48k"]),
    "44k_mono.aac": (0.5, ["-ar", "44100", "-b:a", "32k"]),
    "16k_mono.opus": (0.6, ["-ar", "16000", "-c:a", "libopus", "-b:a", "16k"]),
    "48k_stereo.webm": (0.6, ["-af", STEREO, "-ar", "48000", "-c:a", "libopus", "-b:a", "24k"]),
    "22k_mono.ogg": (0.6, ["-ar", "22050", "-c:a", "libvorbis", "-q:a", "0"]),
    "video.mp4": (0.5, [*RED, "-shortest", "-c:v", "libx264", "-ar", "44100", "-b:a", "32k"]),
    "video.mkv": (0.5, [*RED, "-shortest", "-c:v", "libx264", "-ar", "48000", "-c:a", "libopus"]),
    # The second of two tracks has more channels: the one that ffmpeg takes.
    "two_tracks.mka": (
        0.4,
        [
            *("-filter_complex", f"[0:a]asplit[a][b];[b]{STEREO}[c]", "-map", "[a]", "-map", "[c]"),
            *("-ar", "48000", "-c:a", "libopus", "-b:a", "16k"),
            *("-disposition:a", "0", "-default_mode", "passthrough"),
        ],
    ),
}


def ffmpeg(*arguments: str) -> bytes:
    """What the command writes to its standard output."""
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", *arguments], check=True, capture_output=True
    ).stdout


def make(speech: Path, clip: Path, seconds: float, options: list[str]) -> None:
    """Cut `seconds` out of the speech and encode them as `clip`."""
    piece = ["-ss", "0.55", "-t", str(seconds), "-i", str(speech)]
    ffmpeg("-y", *piece, *options, *EXACT, str(clip))


def main() -> None:
    """Write clips, expectation and provenance."""
    parser = argparse.ArgumentParser(description="Make the clips and record what ffmpeg reads.")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data")
    options = parser.parse_args()
    folder = REPOSITORY / "tests" / "data" / "audio"
    folder.mkdir(parents=True, exist_ok=True)
    # WhisperX's command, but for what goes to standard error.
    command = "-threads 0 -i {} -f s16le -ac 1 -acodec pcm_s16le -ar 16000 -"
    expected = {}
    for name, (seconds, encoding) in CLIPS.items():
        clip = folder / name
        make(options.data / SPEECH, clip, seconds, encoding)
        samples = ffmpeg(*[part.format(clip) for part in command.split()])
        expected[name] = np.frombuffer(samples, "<i2")
    silent = ["-t", "0.4", "-c:v", "libx264", *EXACT, str(folder / "no_sound.mp4")]
    ffmpeg("-y", *RED, *silent)
    np.savez_compressed(folder / "expected.npz", **expected)
    provenance = {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "recorder": "tests/parity/record/record_decode.py",
        "command": "ffmpeg -nostdin " + command.format("CLIP"),
        "ffmpeg": ffmpeg("-version").decode().split()[2],
        "numpy": np.__version__,
        "speech": f"{SPEECH}: LJ Speech 1.1, public domain",
    }
    (folder / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n")
    print(sum(path.stat().st_size for path in folder.iterdir()), "bytes in", folder)


if __name__ == "__main__":
    main()
