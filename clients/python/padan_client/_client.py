"""The two clients: one that blocks, and one for asyncio and trio. Their methods are those of `_calls`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar, get_args

import httpx
from tenacity import AsyncRetrying, Retrying

from padan_client import _calls
from padan_client._calls import Call
from padan_client._retries import build_retrying

A = TypeVar("A")
P = ParamSpec("P")
API_KEY_HEADER: Final = "X-API-Key"
SELF: Final = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)


def _blocking(describe: Callable[P, Call[A]]) -> Callable[Concatenate[Padan, P], A]:
    """Return the method of `Padan` that makes a call."""

    def method(padan: Padan, /, *args: P.args, **kwargs: P.kwargs) -> A:
        return padan._make(describe(*args, **kwargs))

    _describe(method, describe)
    return method


def _asynchronous(
    describe: Callable[P, Call[A]],
) -> Callable[Concatenate[AsyncPadan, P], Coroutine[Any, Any, A]]:
    """Return the method of `AsyncPadan` that makes a call."""

    async def method(padan: AsyncPadan, /, *args: P.args, **kwargs: P.kwargs) -> A:
        return await padan._make(describe(*args, **kwargs))

    _describe(method, describe)
    return method


def _describe(method: Callable[..., Any], call: Callable[..., Call[Any]]) -> None:
    """Give a method the name, the documentation, the parameters (after ``self``) and the answer of a call."""
    update_wrapper(method, call)
    signature = inspect.signature(call, eval_str=True)
    (answer,) = get_args(signature.return_annotation)
    parameters = [SELF, *signature.parameters.values()]
    vars(method)["__signature__"] = signature.replace(
        parameters=parameters, return_annotation=answer
    )


class Padan:
    """Asks the service; every method answers with a model of `padan_client.models`.

    One client serves many threads, and keeps its connections until it is closed.

    Parameters
    ----------
    url : str
        Where the service listens.
    api_key, token : str, optional
        The credential; none for a service in development mode.
    timeout : float
        Seconds to wait for a connection, and for each part of an answer.
    attempts : int
        How often a call is made at most, where the service answers that it can be asked later (429, 503).
    retry_seconds : float
        No attempt begins later than this after the first one.

    Raises
    ------
    PadanError
        By every method, where the service answers with a problem.
    httpx.TransportError
        By every method, where the service cannot be reached.

    Examples
    --------
    >>> with Padan("http://127.0.0.1:8000", api_key="...") as padan:  # doctest: +SKIP
    ...     padan.recommend(participant_id="sim-0000001", k=5).items[0].title
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        token: str | None = None,
        timeout: float = 10.0,
        attempts: int = 3,
        retry_seconds: float = 10.0,
    ) -> None:
        self._http = httpx.Client(base_url=url, headers=_headers(api_key, token), timeout=timeout)
        self._attempts = attempts
        self._retry_seconds = retry_seconds

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _make(self, call: Call[A]) -> A:
        request = call.build_request(self._http)
        retrying = build_retrying(Retrying, self._attempts, self._retry_seconds)
        return retrying(lambda: call.read(self._http.send(request)))

    recommend = _blocking(_calls.recommend)
    recommend_many = _blocking(_calls.recommend_many)
    latest = _blocking(_calls.latest)
    eligibility = _blocking(_calls.eligibility)
    plan = _blocking(_calls.plan)
    courses = _blocking(_calls.courses)
    course = _blocking(_calls.course)
    similar = _blocking(_calls.similar)
    regions = _blocking(_calls.regions)
    categories = _blocking(_calls.categories)
    skills = _blocking(_calls.skills)
    occupations = _blocking(_calls.occupations)
    audience = _blocking(_calls.audience)
    allocate = _blocking(_calls.allocate)
    allocations = _blocking(_calls.allocations)
    allocation = _blocking(_calls.allocation)
    allocation_people = _blocking(_calls.allocation_people)
    cancel_allocation = _blocking(_calls.cancel_allocation)
    participant = _blocking(_calls.participant)
    put_participant = _blocking(_calls.put_participant)
    put_participants = _blocking(_calls.put_participants)
    patch_participant = _blocking(_calls.patch_participant)
    object_to_profiling = _blocking(_calls.object_to_profiling)
    export = _blocking(_calls.export)
    forget = _blocking(_calls.forget)
    send = _blocking(_calls.send)
    model = _blocking(_calls.model)


class AsyncPadan:
    """`Padan` for asyncio and trio: its methods are awaited.

    One client serves many tasks, and keeps its connections until it is closed.

    Parameters
    ----------
    url, api_key, token, timeout, attempts, retry_seconds
        As of `Padan`.

    Raises
    ------
    PadanError
        By every method, where the service answers with a problem.
    httpx.TransportError
        By every method, where the service cannot be reached.

    Examples
    --------
    >>> async with AsyncPadan("http://127.0.0.1:8000", api_key="...") as padan:  # doctest: +SKIP
    ...     (await padan.recommend(participant_id="sim-0000001", k=5)).items[0].title
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        token: str | None = None,
        timeout: float = 10.0,
        attempts: int = 3,
        retry_seconds: float = 10.0,
    ) -> None:
        headers = _headers(api_key, token)
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout)
        self._attempts = attempts
        self._retry_seconds = retry_seconds

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _make(self, call: Call[A]) -> A:
        request = call.build_request(self._http)

        async def attempt() -> A:
            return call.read(await self._http.send(request))

        return await build_retrying(AsyncRetrying, self._attempts, self._retry_seconds)(attempt)

    recommend = _asynchronous(_calls.recommend)
    recommend_many = _asynchronous(_calls.recommend_many)
    latest = _asynchronous(_calls.latest)
    eligibility = _asynchronous(_calls.eligibility)
    plan = _asynchronous(_calls.plan)
    courses = _asynchronous(_calls.courses)
    course = _asynchronous(_calls.course)
    similar = _asynchronous(_calls.similar)
    regions = _asynchronous(_calls.regions)
    categories = _asynchronous(_calls.categories)
    skills = _asynchronous(_calls.skills)
    occupations = _asynchronous(_calls.occupations)
    audience = _asynchronous(_calls.audience)
    allocate = _asynchronous(_calls.allocate)
    allocations = _asynchronous(_calls.allocations)
    allocation = _asynchronous(_calls.allocation)
    allocation_people = _asynchronous(_calls.allocation_people)
    cancel_allocation = _asynchronous(_calls.cancel_allocation)
    participant = _asynchronous(_calls.participant)
    put_participant = _asynchronous(_calls.put_participant)
    put_participants = _asynchronous(_calls.put_participants)
    patch_participant = _asynchronous(_calls.patch_participant)
    object_to_profiling = _asynchronous(_calls.object_to_profiling)
    export = _asynchronous(_calls.export)
    forget = _asynchronous(_calls.forget)
    send = _asynchronous(_calls.send)
    model = _asynchronous(_calls.model)


def _headers(api_key: str | None, token: str | None) -> dict[str, str]:
    headers = {API_KEY_HEADER: api_key} if api_key else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return headers
