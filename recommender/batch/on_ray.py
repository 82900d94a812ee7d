"""Shards answered on a Ray cluster: the same function as on one machine, by a pool of actors.

Ray is told the ids of the shards and nothing else: a worker reads its shard where it lies, and what is answered
comes back as the bytes of its file, which this process alone writes. A worker that is lost loses no more than its
shard, which another answers again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from recommender.batch.parts import BatchError, Line, Part
from recommender.batch.work import Work, Worker

if TYPE_CHECKING:
    import pyarrow as pa

ID, LINE, CONTENT = "id", "line", "content"
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
"""Of each actor, of which there is one a core; sums of several threads may differ in their last digit."""


class ShardAnswerer:
    """An actor: it loads the bundle once and answers a shard at a time."""

    def __init__(self, work: Work) -> None:
        self._worker = Worker(work)

    def __call__(self, shards: pa.Table) -> pa.Table:
        """Return the manifest's line and the file of each shard."""
        import pyarrow as pa

        parts = [self._worker.answer(id_) for id_ in shards[ID].to_pylist()]
        lines = [part.line.model_dump_json() for part in parts]
        contents = pa.array([part.content for part in parts], pa.large_binary())
        return pa.table({LINE: lines, CONTENT: contents})


def answer_on_ray(work: Work, ids: Sequence[str], address: str | None = None) -> Iterator[Part]:
    """Yield the answered shards as they come.

    Parameters
    ----------
    ids : sequence of str
        Of the shards.
    address : str, optional
        Of the cluster; one of this machine's is started by default, and ends with the run.

    Raises
    ------
    BatchError
        If Ray is not installed, or no cluster answers.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BatchError(
            "--engine ray needs Ray; install it with pip install 'padan[ray]'"
        ) from error
    try:
        ray.init(address=address, log_to_driver=False, ignore_reinit_error=True)
    except ConnectionError as error:
        raise BatchError(f"no Ray cluster answers at {address}: {error}") from error
    cores = int(ray.cluster_resources().get("CPU", 1))
    ray.data.DataContext.get_current().enable_progress_bars = False
    table = ray.data.from_items([{ID: id_} for id_ in ids], override_num_blocks=len(ids))
    answered = table.map_batches(
        ShardAnswerer,
        fn_constructor_args=(work,),
        batch_size=1,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=max(1, min(cores, len(ids)))),
        num_cpus=1,
        runtime_env={"env_vars": ONE_THREAD},
    )
    try:
        for row in answered.iter_rows():
            yield Part(Line.model_validate_json(row[LINE]), row[CONTENT])
    finally:
        ray.shutdown()
