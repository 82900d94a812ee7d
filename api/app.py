"""The service, put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import openapi, problems
from api.addresses import TrustedProxies
from api.allocations.runner import AllocationRunner
from api.catalogue_answers import CatalogueCompression
from api.deployment.releases import Releases
from api.deployment.shadow import Shadow
from api.head_requests import HeadRequests
from api.observability.audit_writer import AuditWriter
from api.observability.instrumentation import Instrumentation
from api.observability.metrics import Metrics, Watched
from api.observability.tracing import Tracing
from api.problems import responses
from api.recommend.fast_path import FastPath
from api.recommend.handler import RecommendationHandler
from api.recommend.load_shedding import LoadShedding
from api.recommend.turns import AT_ONCE
from api.routes import (
    allocations,
    courses,
    events,
    health,
    latest,
    lookups,
    metrics,
    officers,
    participant_batches,
    participants,
    plans,
    problem_types,
    recommendations,
)
from api.security.access import Access
from api.security.gate import ASSETS, Gate
from api.security.rate_limit import RateLimit
from api.service import Service
from api.settings import ServiceSettings
from recommender.batch.latest import BatchResults
from store.database import Store
from store.health import StoreHealth
from store.log_truncation import LogTruncation
from training_data.home import padan_home

ROUTERS = (
    recommendations,
    latest,
    plans,
    courses,
    lookups,
    participants,
    participant_batches,
    events,
    officers,
    allocations,
    metrics,
)

log = logging.getLogger("padan.process")


BATCH = "batch"  # where in the home the last run over everybody is


def create_app(
    releases: Releases,
    store: Store,
    settings: ServiceSettings,
    *,
    shadow: Shadow | None = None,
    tracing: Tracing | None = None,
    development: bool = False,
) -> FastAPI:
    """Return the service over loaded bundles and a store whose tables are up to date.

    Parameters
    ----------
    development : bool
        Let everybody in without a credential; for a service that only this machine reaches.
    """
    store_health = StoreHealth(store, settings.store_timeout_seconds)
    store = store_health.store
    log_truncation = LogTruncation(store)
    service = Service(
        releases, releases.present, store, AuditWriter(store), Metrics(), log_truncation, shadow
    )
    access = Access(store, settings, development=development)
    requests = RateLimit(settings.max_requests_per_minute)
    handler = RecommendationHandler(service, settings, requests)
    runner = AllocationRunner(
        store, padan_home(), releases, lists_know=settings.crowding_weight > 0
    )
    service.metrics.watch(
        Watched(
            bundle=lambda: releases.present.bundle,
            waiting=lambda: service.audit_writer.waiting,
            queue_length=lambda: handler.waiting,
            store_up=lambda: store.is_up() and not service.audit_writer.failing,
        )
    )

    @asynccontextmanager
    async def run_background_tasks(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(store_health.start)
        sweeping = asyncio.create_task(handler.sweep_regularly())
        releases.follow(handler.participants.list_recent)
        runner.start()
        log_truncation.start()
        if shadow is not None:
            shadow.start()
        log.info("started", extra={"bundle": releases.present.version, "padan": version("padan")})
        yield
        log.info("stopping")
        releases.close()
        await asyncio.to_thread(runner.close)
        if shadow is not None:
            shadow.close()
        sweeping.cancel()
        handler.close()
        access.close()
        service.audit_writer.close()
        store_health.close()
        if tracing is not None:
            tracing.close()
        log_truncation.close()
        log.info("stopped", extra={"audit_waiting": service.audit_writer.waiting})

    app = FastAPIOffline(
        **openapi.ABOUT,
        lifespan=run_background_tasks,
        static_url=ASSETS,
        redirect_slashes=False,  # it would lead from TLS, which a proxy ends, to a plain address
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would name addresses
    )
    app.state.service = service
    app.state.handler = handler
    app.state.allocation_runner = runner
    app.state.batch_results = BatchResults(padan_home() / BATCH)
    app.state.turns = asyncio.Semaphore(AT_ONCE)
    problems.install(app)
    app.include_router(health.router, responses=responses(400, 413))
    app.include_router(problem_types.router, responses=responses(400, 413))
    for module in ROUTERS:
        app.include_router(module.router, responses=responses(400, 401, 403, 413, 422, 429, 503))
    app.add_middleware(CatalogueCompression)
    app.add_middleware(FastPath, handler=handler)
    app.add_middleware(Gate, access=access, requests=requests, settings=settings)
    app.add_middleware(LoadShedding, handler=handler)
    app.add_middleware(HeadRequests)
    openapi.describe(app, tuple(releases.present.messages))
    paths = list(app.openapi()["paths"])
    proxies = TrustedProxies(settings.trusted_proxies)
    app.add_middleware(
        Instrumentation, metrics=service.metrics, paths=paths, tracing=tracing, proxies=proxies
    )
    return app
