"""Flags that we share with WhisperX 3.8.6 mean the same; those not built yet are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whisperx.cli.arguments import build_parser

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures/whisperx-3.8.6.json").read_text(encoding="utf-8")
)["command_line"]
THEIRS = {flag["names"][0]: flag for flag in RECORDED if flag["names"]}
OURS = {
    action.option_strings[0]: action for action in build_parser()._actions if action.option_strings
}

DIFFERENT_DEFAULTS = {
    "--model": "none: `small`, or the bundled model where no hub can be reached",
    "--device": "`auto` looks for MLX's GPU",
    "--vad_method": "`silero`, until pyannote's network is here",
    "--vad_offset": "none: the detector's own, as WhisperX does for Silero",
}
NOT_BUILT_YET = {
    "--device_index", "--align_model", "--interpolate_method", "--no_align",
    "--return_char_alignments", "--diarize", "--min_speakers", "--max_speakers",
    "--diarize_model", "--speaker_embeddings", "--temperature", "--best_of", "--beam_size",
    "--patience", "--length_penalty", "--suppress_tokens", "--suppress_numerals",
    "--initial_prompt", "--hotwords", "--condition_on_previous_text", "--fp16",
    "--temperature_increment_on_fallback", "--compression_ratio_threshold",
    "--logprob_threshold", "--no_speech_threshold", "--max_line_width", "--max_line_count",
    "--highlight_words", "--segment_resolution", "--threads", "--hf_token",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(THEIRS) & set(OURS)))
def test_a_shared_flag_has_whisperx_names_choices_and_default(name: str) -> None:
    action = OURS[name]
    theirs = THEIRS[name]
    assert action.option_strings == theirs["names"]
    if theirs.get("choices"):
        missing = set(theirs["choices"]) - set(action.choices or [])
        assert missing <= ({"pyannote"} if name == "--vad_method" else set())
    if name not in DIFFERENT_DEFAULTS and "default" in theirs:
        assert action.default == theirs["default"]


def test_what_is_missing_is_known() -> None:
    assert set(THEIRS) - set(OURS) - {"audio"} == NOT_BUILT_YET


@pytest.mark.parametrize("name", sorted(NOT_BUILT_YET))
def test_a_flag_that_is_not_built_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args(["talk.wav", name, "1"])
    assert stopped.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err
