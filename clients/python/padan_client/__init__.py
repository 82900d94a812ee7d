"""Client of the Padan service: which trainings fit a person, may they take them, and why.

Examples
--------
>>> from padan_client import Padan
>>> with Padan("http://127.0.0.1:8000", api_key="...") as padan:  # doctest: +SKIP
...     padan.recommend(participant_id="sim-0000001", k=5).items[0].title
"""

from padan_client._client import AsyncPadan, Padan
from padan_client._errors import PadanError
from padan_client.models import (
    AllocateSettings,
    BoundSettings,
    ClassSeats,
    CourseFilters,
    Event,
    Participant,
    PastTraining,
    Profile,
    RecommendationRequest,
    SeatDecision,
)

__all__ = [
    "AllocateSettings",
    "AsyncPadan",
    "BoundSettings",
    "ClassSeats",
    "CourseFilters",
    "Event",
    "Padan",
    "PadanError",
    "Participant",
    "PastTraining",
    "Profile",
    "RecommendationRequest",
    "SeatDecision",
]
