"""What participants have in common, as indicator matrices: their topics, regions, groups and cohorts."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.participants.batch import ParticipantBatch
from training_data.arrays import build_ones
from training_data.columns import EDUCATIONS, EMPLOYMENT_STATUSES
from training_data.regions import RegionTable

FIRST_YEAR, DECADES = 1900, 21  # of birth, as the contract has them
GROUP_STARTS = np.cumsum([0, DECADES, len(EDUCATIONS), len(EMPLOYMENT_STATUSES)])
MONTHS = 240  # of entering the programme that are told apart: twenty years


def topic_shares(batch: ParticipantBatch, catalogue: Catalogue) -> NDArray[np.float32]:
    """Return the shares of the topics among a person's interests and past trainings, (B, n_categories).

    A row of zeros where neither is known, or the person objects to profiling.
    """
    counts = np.asarray((batch.past.histories.matrix() @ catalogue.topics).todense())
    counts += batch.skills.interests[:, :-1] * ~batch.opted_out[:, None]
    shares: NDArray[np.float32] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def encode_regions(batch: ParticipantBatch, regions: RegionTable) -> sp.csr_matrix:
    """Return a one for each region that a participant lives in, from the smallest to the largest, (B, R).

    Those who object to profiling live in none.
    """
    around = regions.around[np.where(batch.opted_out, -1, batch.home.region)]
    rows = np.repeat(np.arange(len(batch)), around.shape[1])
    return build_ones(rows, around.ravel(), (len(batch), len(regions)))


def encode_groups(batch: ParticipantBatch) -> sp.csr_matrix:
    """Return a one for each group that a participant is of: decade of birth, schooling, work, (B, G).

    Sex and disability are left out on purpose: what others of one's sex take is no reason to be led
    there. Those who object to profiling are of no group.
    """
    facts = batch.facts
    decade = np.where(facts.birth_year > 0, (facts.birth_year - FIRST_YEAR) // 10, -1)
    codes = np.array([decade, facts.education, facts.employment])
    known = (codes >= 0) & ~batch.opted_out
    columns = np.where(known, codes + GROUP_STARTS[:-1, None], -1).ravel()
    rows = np.concatenate([np.arange(len(batch))] * len(codes))
    return build_ones(rows, columns, (len(batch), int(GROUP_STARTS[-1])))


def encode_cohorts(batch: ParticipantBatch) -> sp.csr_matrix:
    """Return a one for the month in which a participant entered the programme, (B, MONTHS).

    Who enters together is often sent the same trainings: the waves of a programme, the terms of a school. None
    where the day is not known or the participant objects to profiling.
    """
    known = (batch.admitted_on >= 0) & ~batch.opted_out
    months = batch.admitted_on.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    columns = np.where(known, months % MONTHS, -1)
    return build_ones(np.arange(len(batch)), columns, (len(batch), MONTHS))
