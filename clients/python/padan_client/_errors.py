"""Errors that the service answers with."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

import httpx
from pydantic import ValidationError

from padan_client.models import Problem

MAX_DETAIL = 200  # characters of an answer that is no problem document


class PadanError(Exception):
    """The service answered with a problem.

    Attributes
    ----------
    problem : Problem
        What it said: status, detail and the fields that are wrong.
    retry_after : float or None
        Seconds after which the service wants to be asked again; None where it does not say.
    """

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        super().__init__(problem, retry_after)
        self.problem = problem
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Return status, detail and the fields that are wrong."""
        problem = self.problem
        fields = "; ".join(f"{error.field}: {error.message}" for error in problem.errors)
        return f"{problem.status} {problem.detail}{fields and f' ({fields})'}"


def read_error(response: httpx.Response) -> PadanError:
    """Return the error of an answer that is no success."""
    return PadanError(_read_problem(response), read_retry_after(response.headers))


def read_retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds in ``Retry-After``, which holds seconds or a date."""
    written = headers.get("Retry-After", "").strip()
    if written.isdecimal():
        return float(written)
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    now = dt.datetime.now(moment.tzinfo)
    return max(0.0, (moment - now).total_seconds())


def _read_problem(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:  # of a proxy before the service
        return Problem(
            type="about:blank",
            code="other",
            title=response.reason_phrase,
            status=response.status_code,
            detail=response.text[:MAX_DETAIL] or response.reason_phrase,
            instance=response.url.path,
        )
