"""Time and memory of a whole evaluation on COCO: 24,036 people, 8,196 courses, all metrics, 1,000 draws.

The dataset is written, cut and trained on beforehand, and not counted. The evaluation runs in a process
of its own, from the first import to the written report.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.result import BenchmarkResult
from evaluation.cutoff import task_from_dataset, write_past
from evaluation.entrants import rank_entrants
from evaluation.evaluate import evaluate
from evaluation.report import write_report
from models.text.encoder import TextEncoder
from recommender.training.train import train
from training_data.columns import Courses, Interactions, Participants, complete_columns
from training_data.dataset import Dataset, DatasetInfo

TARGET: Final = 120.0  # seconds
MAX_GB: Final = 4.0
DRAWS: Final = 1000
_TOPIC: Final = "0"  # the knowledge graph's relation from a course to its category

C, P, E = Courses, Participants, Interactions

_RULES: Final = """\
id = "open"
name = "Open courses"
version = "1"
currency = "USD"
languages = ["en"]

[[rule]]
kind = "modes"
valid_from = 2010-01-01
source = "a course platform: anybody may take any course"
allowed = ["self_paced"]
"""


def run(coco: Path, encoder: TextEncoder, home: Path) -> BenchmarkResult:
    """Write, cut and train; then evaluate, and measure only that.

    Parameters
    ----------
    coco : Path
        Folder of the public set.
    encoder : TextEncoder
        Reads the courses' titles.
    home : Path
        Everything is written into a folder below, which is gone afterwards.
    """
    with tempfile.TemporaryDirectory(dir=home) as folder:
        place = Path(folder)
        data = write_dataset(coco, place / "coco")
        task = task_from_dataset(data)
        past = write_past(task, place / "past")
        version = train(past, encoder, place, task.border.date()).version
        seconds, busy, gigabytes = _measure(data.folder, place / "bundles" / version)
    _show(seconds, busy, gigabytes)
    return BenchmarkResult(
        "evaluation-coco",
        round(seconds, 1),
        TARGET,
        seconds <= TARGET and gigabytes <= MAX_GB,
        {
            "processor_seconds": round(busy, 1),
            "peak_gigabytes": round(gigabytes, 2),
            "most_gigabytes": MAX_GB,
            "cores": os.cpu_count(),
            "people": len(task.people),
            "people_with_a_target": int((task.truth.sizes > 0).sum()),
            "courses": len(task.catalogue),
            "bootstrap_draws": DRAWS,
        },
    )


def write_dataset(coco: Path, folder: Path) -> Dataset:
    """Write COCO as a dataset directory: courses by title and category, enrolments as purchases."""
    columns = ["participant", "course", "rating", "at"]
    enrolments = pl.concat(
        pl.read_csv(coco / f"{part}.txt", separator="\t", has_header=False, new_columns=columns)
        for part in ("valid", "test")
    )
    people = enrolments["participant"].unique(maintain_order=True).cast(pl.String)
    events = enrolments.with_row_index("event").select(
        pl.col("event").cast(pl.String).alias(E.event_id.name),
        pl.col("participant").cast(pl.String).alias(E.participant_id.name),
        pl.col("course").cast(pl.String).alias(E.course_id.name),
        pl.lit("purchase").alias(E.kind.name),
        pl.from_epoch("at").dt.replace_time_zone("UTC").alias(E.at.name),
    )
    dataset = Dataset.create(folder, DatasetInfo(programme="open.toml", language="en"))
    (folder / "open.toml").write_text(_RULES, encoding="utf-8")
    dataset.write("courses", complete_columns(Courses, _courses(coco)))
    dataset.write("participants", complete_columns(Participants, _people(people)))
    dataset.write("interactions", complete_columns(Interactions, events))
    return dataset


def _courses(coco: Path) -> pl.DataFrame:
    items = pl.read_csv(coco / "i2kg_map.txt", separator="\t", infer_schema=False, quote_char=None)
    entities = pl.read_csv(coco / "e_map.txt", separator="\t", infer_schema=False, quote_char=None)
    graph = pl.read_csv(coco / "kg_final.txt", separator="\t", infer_schema=False)
    topics = (
        graph.filter(pl.col("relation") == _TOPIC)
        .join(entities.select(entity_tail="eid", topic="name"), on="entity_tail")
        .unique("entity_head", keep="first", maintain_order=True)
        .select(eid="entity_head", topic="topic")
    )
    nothing = pl.lit([], pl.List(pl.String))
    return (
        items.unique("pid", maintain_order=True)
        .join(topics, on="eid", how="left", maintain_order="left")
        .select(
            pl.col("pid").alias(C.course_id.name),
            pl.col("name").str.replace_all("-", " ").alias(C.title.name),
            pl.col("topic").alias(C.category.name),
            pl.lit("coco").alias(C.provider_id.name),
            pl.lit("self_paced").alias(C.mode.name),
            pl.lit(0).alias(C.price_idr.name),
            nothing.alias(C.skills.name),
            nothing.alias(C.prerequisites.name),
        )
    )


def _people(ids: pl.Series) -> pl.DataFrame:
    nothing = pl.lit([], pl.List(pl.String))
    lists = (P.skills.name, P.interests.name, P.groups.name)
    return pl.DataFrame({P.participant_id.name: ids}).with_columns(
        pl.lit(False).alias(P.profiling_opt_out.name), *(nothing.alias(name) for name in lists)
    )


def _measure(data: Path, bundle: Path) -> tuple[float, float, float]:
    """Return seconds, seconds of the processor and gigabytes at the peak of an evaluation in a new process.

    Where others use the machine, the seconds are more than they would be alone, and those of the
    processor tell by how much.
    """
    process = get_context("spawn").Process(target=_evaluate, args=(data, bundle))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process.start()
    process.join()
    seconds = time.perf_counter() - start
    if process.exitcode:
        raise RuntimeError(f"the evaluation of {bundle} ended with exit code {process.exitcode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, busy, after.ru_maxrss * 1024 / 1e9


def _evaluate(data: Path, bundle: Path) -> None:
    task, lists = rank_entrants([str(bundle)], task_from_dataset(Dataset.open(data)), _no_training)
    write_report(evaluate(task, lists, draws=DRAWS), data / "report.html", "padan bench evaluation")


def _no_training(_: object) -> Path:
    raise AssertionError("the bundle is there")


def _show(seconds: float, busy: float, gigabytes: float) -> None:
    table = Table("a whole evaluation on COCO", title="From the first import to the written report")
    table.add_column("measured", justify="right")
    table.add_column("allowed", justify="right")
    table.add_row("seconds", f"{seconds:.1f}", f"{TARGET:.0f}")
    table.add_row("seconds of the processor", f"{busy:.1f}", "")
    table.add_row("gigabytes at the peak", f"{gigabytes:.2f}", f"{MAX_GB:.0f}")
    Console().print(table)
