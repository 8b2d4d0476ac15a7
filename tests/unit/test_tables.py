from __future__ import annotations

import json

import pytest
from benchmarks import tables


def report(date="2026-01-02T03:04:05+00:00", **changes):
    def runs(*seconds):
        ordered = sorted(seconds)
        return {"median": ordered[len(ordered) // 2], "min": ordered[0], "max": ordered[-1]}

    ours = {
        "engine": "ours",
        "runs": [{}, {}, {}],
        "wall_seconds": runs(50, 40, 25),
        "transcribe_seconds": runs(20, 20, 20),
        "peak_mib": runs(700.4, 700.4, 700.4),
        "wer": 0.3084,
    }
    slow = {**ours, "engine": "slow", "runs": [{}], "wall_seconds": runs(200), "wer": None}
    case = {"title": "A talk", "seconds": 100.0, "left_out": [], "rows": [ours, slow]}
    return {
        "date": date,
        "model": "mini",
        "machine": {"processor": "P", "cores": 2, "memory_gib": 23.5, "system": "Linux"},
        "settings": {"batch_size": 8},
        "engines": {
            "ours": {"label": "ours", "versions": {"mlx": "9"}, "notes": {"version": "0.1.0"}},
            "slow": {"label": "slow, as is", "versions": {"python": "3", "s": "2"}, "notes": {}},
        },
        "cases": [{**case, **changes}],
    }


def rows(text):
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def test_row_of_a_table():
    first, second = rows(tables.block(("x.json", report())))
    assert first == "| ours 0.1.0 | 2.5x (2.0-4.0) | 5.0x (5.0-5.0) | 700 MiB | 30.8 % |"
    assert second == "| slow 2, as is, one run | 0.50x | 5.0x | 700 MiB | - |"


def test_engine_left_out_is_named():
    text = tables.block(("x.json", report(left_out=["slow"])))
    assert "too long: slow, as is." in text
    assert "too long" not in tables.block(("x.json", report()))


def test_result_file_is_linked():
    assert "(benchmarks/results/x.json)" in tables.block(("x.json", report()))


def test_newest_is_by_date_not_by_name(tmp_path):
    for name, date in (("a", "2026-03-01T00:00:00"), ("b", "2026-02-01T00:00:00")):
        path = tmp_path / f"bench-peers-{name}.json"
        path.write_text(json.dumps(report(date)), encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    found = tables.newest(tmp_path)
    assert found is not None
    assert found[0] == "bench-peers-a.json"


def test_no_result_is_said(tmp_path):
    assert tables.block(tables.newest(tmp_path)) == tables.NOTHING_YET


def test_only_the_text_between_the_marks_changes():
    readme = f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n"
    once = tables.rewritten(readme, "new")
    assert once == f"before\n{tables.BEGIN}\nnew\n{tables.END}\nafter\n"
    assert tables.rewritten(once, "new") == once


@pytest.mark.parametrize(
    "readme",
    [
        "no marks",
        tables.BEGIN,
        f"{tables.END}\n{tables.BEGIN}",
        f"{tables.BEGIN}{tables.END}{tables.BEGIN}{tables.END}",
    ],
)
def test_marks_that_do_not_fit_are_refused(readme):
    with pytest.raises(ValueError, match="bench:"):
        tables.rewritten(readme, "new")


def test_readme_is_what_the_newest_result_gives():
    readme = tables.README.read_text("utf-8")
    assert readme == tables.rewritten(readme, tables.block(tables.newest())), (
        "README.md differs from the newest result: run python benchmarks/tables.py"
    )
