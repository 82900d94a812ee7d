"""`padan bench`: ours, the peers and the limit side by side; exit status 0 where the target is reached."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cli.bench_quality import quality
from training_data.home import padan_home

if TYPE_CHECKING:
    from benchmarks.result import BenchmarkResult

app = typer.Typer(help="Benchmarks against targets and peers.", no_args_is_help=True)
app.command("quality")(quality)


@app.command()
def allocate(
    worlds: Annotated[int, typer.Option(min=1, help="Small worlds against HiGHS.")] = 500,
    people: Annotated[int, typer.Option(min=1, help="People of the large world.")] = 20_000,
    classes: Annotated[int, typer.Option(min=1, help="Its classes.")] = 500,
    candidates: Annotated[int, typer.Option(min=1, help="Classes for one person.")] = 100,
    magang: Annotated[
        Path | None, typer.Option(help="Folder of vacancies: rebuild MagangHub's market instead.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Markets that are drawn.")] = 5,
) -> None:
    """Measure seats for people: certified gaps, bounds kept, scale; or a real market."""
    if magang is not None:
        from benchmarks.matching.magang import run as rebuild

        _end(rebuild(magang, seeds=seeds))
    from benchmarks.matching.run import run

    _end(run(worlds=worlds, people=people, classes=classes, candidates=candidates))


@app.command()
def eligibility(
    participants: Annotated[int, typer.Option(min=1, help="Simulated people.")] = 10_000,
    courses: Annotated[int, typer.Option(min=1, help="Trainings.")] = 10_000,
    repeats: Annotated[int, typer.Option(min=1, help="The fastest counts.")] = 5,
) -> None:
    """Measure time and memory of the masks of who may take what."""
    from benchmarks.eligibility import run

    _end(run(participants=participants, courses=courses, repeats=repeats))


@app.command()
def evaluation(
    coco: Annotated[
        Path | None, typer.Option(help="Folder of COCO: measure a whole evaluation of it instead.")
    ] = None,
) -> None:
    """Measure the speed of the metrics against RecTools and ranx (the bench extra)."""
    if coco is not None:
        _end(_bench_evaluation(coco))
    from benchmarks.evaluation.metrics import run

    _end(run())


def _bench_evaluation(coco: Path) -> BenchmarkResult:
    from benchmarks.evaluation.coco import run
    from models.text.teacher import open_teacher

    home = padan_home()
    return run(coco, open_teacher(home), home)


@app.command()
def answers(
    catalogue: Annotated[
        Path | None,
        typer.Option(help="Folder of the real catalogues.", show_default="the demo's, as trained"),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle of the demo.", show_default="the current one")
    ] = None,
    day: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the lists.", show_default="today (UTC)"),
    ] = None,
) -> None:
    """Judge lists for written people by grades that a reader gave, beside TF-IDF, BM25 and others."""
    from benchmarks.answers.report import show
    from benchmarks.answers.run import run
    from models.bundles.promotion import current

    today = (day or dt.datetime.now(dt.UTC)).date()
    folder = bundle or current(padan_home() / "bundles")
    result = run(folder, catalogue, today)
    show(result)
    _end(result)


@app.command()
def encoder(
    similarity: Annotated[
        Path | None, typer.Option(help="Folder of human-labelled pairs of texts.")
    ] = None,
) -> None:
    """Measure search by the text encoder against TF-IDF and BM25 (the bench extra)."""
    from benchmarks.text.encoder import run

    _end(run(similarity=similarity))


@app.command()
def reranking(
    data: Annotated[
        Path | None, typer.Option(help="Dataset directory.", show_default="people simulated here")
    ] = None,
    participants: Annotated[int, typer.Option(min=500, help="Simulated people.")] = 4_000,
) -> None:
    """Measure what diversity, calibration, bounds for providers, chance and outcomes cost in NDCG."""
    from benchmarks.reranking import run
    from models.text.e5_installer import install_e5
    from models.text.teacher import open_teacher

    home = padan_home()
    install_e5(home)
    _end(run(open_teacher(home), home / "bench", data=data, participants=participants))


@app.command()
def serve(
    full: Annotated[
        bool, typer.Option("--full", help="Show 10,000 and 50,000 trainings beside.")
    ] = False,
    short: Annotated[bool, typer.Option("--short", help="A few seconds for each phase.")] = False,
    as_real: Annotated[
        bool,
        typer.Option(
            "--as-real", help="With every source and trees, as they are learnt from real events."
        ),
    ] = False,
    against: Annotated[
        Path | None,
        typer.Option(help="`padan` program of another checkout: only compare the two, in turn."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="More than one: only compare so many with one, in turn.")
    ] = 1,
) -> None:
    """Measure the service on one core against what the framework alone can do."""
    from benchmarks.serve import against as comparison
    from benchmarks.serve import workers as processes
    from benchmarks.serve.data import Setup
    from benchmarks.serve.phases import LONG, SHORT
    from benchmarks.serve.run import run

    setup = Setup(padan_home() / "bench", as_real=as_real)
    if against is not None:
        _end(comparison.run(against, setup))
    if workers > 1:
        _end(processes.run(setup, workers))
    _end(
        run(
            setup,
            lengths=SHORT if short else LONG,
            more_courses=(10_000, 50_000) if full else (),
        )
    )


@app.command()
def batch(
    full: Annotated[
        bool, typer.Option("--full", help="Run 100,000 and 1,000,000 people beside.")
    ] = False,
    as_real: Annotated[
        bool,
        typer.Option(
            "--as-real", help="With every source and trees, as they are learnt from real events."
        ),
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Turns; the fastest count.")] = 8,
) -> None:
    """Measure the national run against a bare FAISS index, in turn on the same cores."""
    from benchmarks.batch import run
    from benchmarks.serve.data import Setup

    setup = Setup(padan_home() / "bench", courses=10_000, as_real=as_real)
    sizes = (10_000, 20_000, *((100_000, 1_000_000) if full else ()))
    _end(run(setup, sizes, rounds))


@app.command()
def index(
    bundle: Annotated[
        Path | None,
        typer.Option(help="Bundle that reads the people.", show_default="the current one"),
    ] = None,
    people: Annotated[int, typer.Option(min=10_000, help="Simulated people.")] = 100_000,
) -> None:
    """Measure indexes of people's profiles: recall, bytes a person and queries a second."""
    from benchmarks.index import run
    from models.bundles.promotion import current

    home = padan_home()
    _end(run(bundle or current(home / "bundles"), home / "bench" / "index", people))


@app.command()
def skills(
    esco: Annotated[Path, typer.Option(help="Skills of ESCO, as CSV.")],
    sentences: Annotated[Path, typer.Option(help="Folder of sentences annotated with them.")],
) -> None:
    """Measure skill extraction against TF-IDF and BM25 (the bench extra)."""
    from benchmarks.text.skills import run

    _end(run(esco=esco, sentences=sentences))


@app.command()
def vacancies(
    data: Annotated[Path, typer.Option(help="Folder of the folders 'vacancies' and 'catalogue'.")],
) -> None:
    """Measure vacancies found by trainings' texts, and the reverse, against TF-IDF and BM25."""
    from benchmarks.text.vacancies import run

    _end(run(vacancies=data / "vacancies", catalogue=data / "catalogue"))


def _end(result: BenchmarkResult) -> NoReturn:
    """Write the result, end with its line, and say by the exit status whether it holds."""
    result.write()
    typer.echo(result.line())
    raise typer.Exit(0 if result.holds else 1)
