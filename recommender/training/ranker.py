"""Learning the ranker, and what is expected to come of each training, from examples of the past."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from models.ranking.pair_features import PairFeatures
from recommender.engine import Engine
from recommender.ranking.expected_outcome import ExpectedOutcome
from recommender.ranking.rankers import FIXED_SHARE, BlendedRanker, FixedRanker
from recommender.training.costs import Costs
from recommender.training.examples import Examples, join_examples
from recommender.training.labels import collect_examples, make_plan
from recommender.training.log import Log
from recommender.training.ranker_choice import ChosenRanker, blend_fixed, choose_ranker, fit_curves
from recommender.training.settings import TrainSettings
from training_data.columns import Participants

MIN_EVENTS = 500  # below that a fixed ranker is the better one
MIN_OUTCOMES = 200  # below that the trainings' own figures speak alone


def learn_ranker(
    engine: Engine, log: Log, settings: TrainSettings, costs: Costs, seed: int, *, simulated: bool
) -> ChosenRanker:
    """Learn to rank from backtest cutoffs; fixed weights where there is too little to learn from.

    Models and qualities are those of each past, so no feature has seen its label; the models end
    fitted on the last past and are to be fitted on everything afterwards. Balances are set aside, because
    today's balance already tells of the purchases that are to be predicted.

    Parameters
    ----------
    simulated : bool
        Whether nobody real made the events: curves then learn, and fixed weights keep their usual share.
    """
    fixed, share = FixedRanker(), engine.objective.outcome_share
    examples: list[Examples] = []
    if len(log.interactions) >= MIN_EVENTS:
        without = pl.lit(None, pl.Int64).alias(Participants.balance_idr.name)
        log = replace(log, participants=log.participants.with_columns(without))
        plan = make_plan(settings.backtest, simulated=simulated)
        examples = collect_examples(engine, log, plan, costs, seed)
    if not any(example.has_gain.any() for example in examples):
        spread = float((engine.quality.completion * engine.quality.placement).std()) or 1.0
        outcome = ExpectedOutcome.of_rates(engine.quality)
        return ChosenRanker(BlendedRanker(fixed, outcome, 1.0, spread, share), None)
    every = join_examples(examples)
    with costs.measure("Fitting rankers"):
        if simulated:
            every = every.take(every.has_gain)
            ranker = blend_fixed(fit_curves(every, seed), every, FIXED_SHARE)
            chosen = ChosenRanker(ranker, None)
        else:
            features = PairFeatures().fit(log.interactions, log.side["regions"])
            names = replace(engine, log=features).feature_names
            chosen = choose_ranker(every, names, settings.ranker, seed)
    known = every.finished >= 0
    outcome = (
        ExpectedOutcome.fit(every.features[known], every.finished[known] == 1)
        if known.sum() >= MIN_OUTCOMES
        else ExpectedOutcome.of_rates(engine.quality)
    )
    blended = BlendedRanker.of(chosen.ranker, outcome, every.features, share)
    return ChosenRanker(blended, chosen.validation)
