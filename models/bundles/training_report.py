"""What training measured: how well sources and rankers foretold the latest choices, and what each step cost."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Estimate(_Record):
    """A mean and its 95% interval."""

    mean: float
    low: float
    high: float


class Foretold(_Record):
    """How well one way to rank foretold what the participants of the latest cutoff then took.

    Attributes
    ----------
    name : str
        A source, or a ranker with its share of the fixed weights.
    ndcg, recall : Estimate
        NDCG@10 and Recall@10.
    milliseconds : float, optional
        Of a ranker: what the candidates of one participant take.
    """

    name: str
    ndcg: Estimate
    recall: Estimate
    milliseconds: float | None = None


class Validation(_Record):
    """What the ranker was chosen by.

    Attributes
    ----------
    participants : int
    sources : list of Foretold
        Each source alone.
    candidates : float
        Mean number of candidates of a participant, from all sources together.
    candidate_recall : Estimate
        Share of what was taken that is among them.
    rankers : list of Foretold
        All that were tried.
    chosen : str
    """

    participants: int
    sources: list[Foretold]
    candidates: float
    candidate_recall: Estimate
    rankers: list[Foretold]
    chosen: str


class StepCost(_Record):
    """What a step of training took.

    Attributes
    ----------
    seconds : float
    peak_mb : float
        Most memory the process held meanwhile, in 10**6 bytes.
    """

    step: str
    seconds: float
    peak_mb: float


class TrainingReport(_Record):
    """What training was told, what it measured, and what it cost.

    Attributes
    ----------
    settings : dict
        See `recommender.training.settings`.
    validation : Validation, optional
        None where there was too little to choose by, or nobody real made the events.
    costs : list of StepCost
    """

    settings: dict[str, Any]
    validation: Validation | None
    costs: list[StepCost]
