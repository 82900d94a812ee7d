"""Where the service listens."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS: Final = 75  # longer than a proxy's, so that it is the proxy who closes


def listen(app: ASGIApp, host: str, port: int) -> None:
    """Answer until the process is told to end."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()
