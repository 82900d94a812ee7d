"""The `padan` command."""

from __future__ import annotations

import typer

from cli import (
    bench,
    demo,
    encoder,
    store,
)
from cli import (
    bundles as promoting,
)
from cli import (
    evaluate as evaluation,
)
from cli import (
    explain as explaining,
)
from cli import (
    import_files as importing,
)
from cli import (
    recommend as recommending,
)
from cli import (
    refresh as refreshing,
)
from cli import (
    serve as serving,
)
from cli import (
    simulate as simulation,
)
from cli import (
    train as training,
)

app = typer.Typer(
    name="padan",
    help="Which trainings fit this person, may they take them, and why?",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("import")(importing.import_files)
app.add_typer(encoder.app, name="encoder")
app.command("simulate")(simulation.simulate)
app.command("train")(training.train)
app.command("refresh")(refreshing.refresh)
app.command("promote")(promoting.promote)
app.command("rollback")(promoting.rollback)
app.command("bundles")(promoting.bundles)
app.command("recommend")(recommending.recommend)
app.command("explain")(explaining.explain)
app.command("evaluate")(evaluation.evaluate)
app.command("compare")(evaluation.compare)
app.command("split")(evaluation.split)
app.command("serve")(serving.serve)
app.add_typer(store.app, name="store")
app.command("demo")(demo.demo)
app.add_typer(bench.app, name="bench")
