"""A list of the last run over everybody, as it is given."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from recommender.responses.recommendations import RecommendationList


class LatestRecommendations(RecommendationList):
    """A list of a run, as it stands today."""

    made_on: Annotated[dt.date, Field(description="day that the run was for")]
    language: Annotated[str, Field(description="of the texts: that of the run")]
    request_id: str
    bundle_version: Annotated[str, Field(description="with which the list was made")]
