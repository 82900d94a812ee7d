"""Which topics which groups of people want, so that the whole population wants the published ones."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training_data.simulation import figures
from training_data.simulation.homes import Homes

AGES: Final = np.arange(figures.YOUNGEST, figures.OLDEST + 1)


def topic_taste(
    homes: Homes, topics: tuple[str, ...], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Tilt the shares by group, then rake them until the population's mean is the published one."""
    published = np.array([figures.TOPIC_SHARES[topic] for topic in topics])
    tilt = {
        group: np.array([factors.get(topic, 1.0) for topic in topics])
        for group, factors in figures.TOPIC_TILT.items()
    }
    provinces = int(homes.province.max()) + 1
    regional = np.exp(
        generator.normal(0, figures.REGIONAL_TOPIC_DEVIATION, (provinces, len(topics)))
    )
    female = np.stack([np.ones(len(topics)), tilt["female"]])
    rural = np.stack([np.ones(len(topics)), tilt["rural"]])
    band = np.stack([tilt["young"], tilt["middle"], tilt["old"]])
    wish = (
        published
        * regional[:, None, None, None]
        * female[None, :, None, None]
        * rural[None, None, :, None]
        * band[None, None, None, :]
    )
    weight = _group_shares(homes, provinces)
    for _ in range(30):
        wish /= wish.sum(axis=-1, keepdims=True)
        wish *= published / (weight[..., None] * wish).sum(axis=(0, 1, 2, 3))
    return np.asarray(wish / wish.sum(axis=-1, keepdims=True))


def _group_shares(homes: Homes, provinces: int) -> NDArray[np.float64]:
    """Share of the population by province, female, rural and age band."""
    rural = np.bincount(homes.province, homes.share * homes.rural, provinces)
    urban = np.bincount(homes.province, homes.share * (1 - homes.rural), provinces)
    place = np.stack([urban, rural], axis=1)
    sex = np.array([1 - figures.FEMALE, figures.FEMALE])
    band = np.bincount(age_band(AGES), age_shares(), 3)
    share = place[:, None, :, None] * sex[None, :, None, None] * band[None, None, None, :]
    return np.asarray(share)


def age_shares() -> NDArray[np.float64]:
    """Share of each of ``AGES``: the younger, the more."""
    weight = np.exp(-(AGES - figures.YOUNGEST) / figures.AGE_DECAY_YEARS)
    return np.asarray(weight / weight.sum())


def age_band(age: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0 for young, 1 for middle, 2 for old."""
    return np.searchsorted(figures.AGE_BANDS, age, side="right")
