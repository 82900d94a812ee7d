"""What the framework alone can do, for `padan bench serve` to measure the service against.

Run by ``uvicorn benchmarks.serve.ceiling:app``: `/hello` is a bare answer; the other route reads the request and
gives a list as the service does, but always the same one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import FastAPI

from api.schemas.recommendations import RecommendationRequest, RecommendationResponse

ITEM = {
    "course_id": "penjualan-004",
    "title": "Berjualan camilan lewat toko daring dan media sosial",
    "provider_id": "balai-latihan-01",
    "category": "Penjualan dan Pemasaran",
    "mode": "webinar",
    "level": "beginner",
    "language": "id",
    "price_idr": 350_000,
    "price_text": "Rp 350.000",
    "also_sold": [],
    "duration_hours": 18.0,
    "weeks": 1,
    "next_class": None,
    "region": None,
    "distance_km": None,
    "waits_for": None,
    "score": 1.2345,
    "propensity": 1.0,
    "reasons": [
        {
            "code": "matches_phrase",
            "text": "Sesuai dengan yang Anda tulis: “jualan camilan lewat internet”.",
            "evidence": {"closeness": "close", "phrase": "jualan camilan lewat internet"},
        },
        {
            "code": "popular",
            "text": "Sering dipilih peserta lain (146 orang).",
            "evidence": {"people": 146},
        },
    ],
}
ANSWER = {
    "request_id": "6fd1a0a4-3f0e-4a4c-9a57-0e4d3c9d1b11",
    "bundle_version": "0123456789abcdef",
    "programme": "prakerja@2024.1+8963ea8e513d",
    "day": dt.date(2024, 6, 15),
    "participant_id": "sim-0000001",
    "neutral": False,
    "degraded": False,
    "cause": None,
    "items": [ITEM | {"rank": rank} for rank in range(1, 11)],
    "advice": [],
    "figures": {
        "until": None,
        "simulated": True,
        "text": "Jumlah peserta berasal dari data simulasi.",
    },
    "excluded": {},
}

app = FastAPI()


@app.get("/hello")
async def hello() -> dict[str, str]:
    """Answer."""
    return {"hello": "world"}


@app.post("/v1/recommendations", response_model=RecommendationResponse)
async def constant(_: RecommendationRequest) -> dict[str, Any]:
    """Answer with the same list, whoever asks."""
    return ANSWER
