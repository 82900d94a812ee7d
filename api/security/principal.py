"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer, SecurityScopes

from api.problem_types import MISSING_SCOPE
from api.problems import ProblemError

Scope = Literal["portal", "officer", "metrics", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
API_KEY_HEADER = "X-API-Key"


@dataclass(frozen=True)
class Principal:
    """An authenticated client.

    Attributes
    ----------
    name : str
        Of the client; `api.service.Service.actor` is how the audit names it.
    scopes : frozenset of str
        ``admin`` may do everything.
    participant_id : str, optional
        The only participant whose data the credential reaches; none: all.
    account : str
        Whose requests are counted: the name with the kind of the credential, so that no token's subject shares
        the limit of a key that is named alike.
    """

    name: str
    scopes: frozenset[str]
    participant_id: str | None = None
    account: str = ""

    def reaches(self, participant_id: str) -> bool:
        """Whether the credential is not another participant's."""
        return self.participant_id in (None, participant_id)


_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="scopes in `scope`")
_api_key = APIKeyHeader(name=API_KEY_HEADER, auto_error=False)


async def _authorise(
    request: Request,
    wanted: SecurityScopes,
    _token: Annotated[Any, Depends(_bearer)],  # for the OpenAPI document; the gate has checked it
    _key: Annotated[Any, Depends(_api_key)],
) -> Principal:
    principal: Principal = request.state.principal
    if not principal.scopes & {*wanted.scopes, "admin"}:
        asked = {"status": 403, "scopes": wanted.scopes, "route": request.state.route}
        request.app.state.service.refuse(principal, None, asked)
        detail = f"this needs the scope {' or '.join(wanted.scopes)}"
        raise ProblemError(MISSING_SCOPE, detail)
    return principal


Portal = Annotated[Principal, Security(_authorise, scopes=["portal"])]
Officer = Annotated[Principal, Security(_authorise, scopes=["officer"])]
Operator = Annotated[Principal, Security(_authorise, scopes=["metrics"])]
Anybody = Annotated[Principal, Security(_authorise, scopes=["portal", "officer"])]
