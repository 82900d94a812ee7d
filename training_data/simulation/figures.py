"""The figures behind the simulated population: published ones first, then assumptions.

People per kabupaten/kota are not here: they are the beneficiaries in the region pack.
"""

from __future__ import annotations

from typing import Final

# Published by the programme (reports of 2020-22, FAQ of 2023-24).
FEMALE: Final = 0.51
RURAL: Final = 0.64
DISABILITY: Final = 0.03
NEVER_TRAINED: Final = 0.86
TOPIC_SHARES: Final = {
    "Penjualan dan Pemasaran": 0.21,
    "Makanan dan Minuman": 0.12,
    "Gaya Hidup": 0.11,
    "Manajemen": 0.08,
    "Teknik": 0.05,
    # The other topics share the remaining 0.43; how they do is assumed.
    "Teknologi Informasi": 0.09,
    "Perkantoran": 0.08,
    "Bahasa Asing": 0.06,
    "Keuangan": 0.06,
    "Pertanian": 0.06,
    "Lainnya": 0.05,
    "Sosial dan Perilaku": 0.03,
}
STARS: Final = {5: 0.929, 4: 0.055, 3: 0.010, 2: 0.003, 1: 0.003}  # mean 4.9; its shape is assumed

# Assumed, as plausible as the reports' words allow; no figure is published.
RURAL_IN_KOTA: Final = 0.10  # RURAL then fixes the share in kabupaten
YOUNGEST, OLDEST = 18, 64
AGE_DECAY_YEARS: Final = 14.0  # people of an age fall by e in so many years
AGE_BANDS: Final = (25, 40)  # first age of the second and third band
EDUCATION: Final = {
    "none": 0.01,
    "primary": 0.08,
    "lower_secondary": 0.14,
    "upper_secondary": 0.58,
    "diploma": 0.06,
    "bachelor": 0.125,
    "postgraduate": 0.005,
}
EMPLOYMENT: Final = {  # students may not take part
    "unemployed": 0.43,
    "laid_off": 0.12,
    "employed": 0.23,
    "self_employed": 0.17,
    "not_in_labour_force": 0.05,
}
HAS_OCCUPATION: Final = {  # now or before
    "unemployed": 0.45,
    "laid_off": 1.0,
    "employed": 1.0,
    "self_employed": 1.0,
    "not_in_labour_force": 0.15,
}
HAS_TARGET: Final = 0.75
TARGET_IS_OCCUPATION: Final = 0.2  # of those with both
NAMES_NO_SKILL: Final = 0.25
KNOWS_NEEDED_SKILL: Final = 0.5  # each skill of the occupation held
KNOWS_FROM_HOME: Final = 0.25  # each skill of one never held
NAMES_MAIN_TOPIC: Final = 0.75
NAMES_SECOND_TOPIC: Final = 0.25
NAMES_FIRST_WISH: Final = 0.6
NAMES_SECOND_WISH: Final = 0.2
IN_OWN_WORDS: Final = 0.15  # skills that are written as an alias, not an id
PROFILING_OPT_OUT: Final = 0.005

# How much more (or less) often a group wants a topic, before the shares are set right.
TOPIC_TILT: Final[dict[str, dict[str, float]]] = {
    "female": {
        "Makanan dan Minuman": 1.5,
        "Gaya Hidup": 1.7,
        "Teknik": 0.25,
        "Teknologi Informasi": 0.7,
        "Pertanian": 0.7,
        "Perkantoran": 1.3,
    },
    "rural": {
        "Pertanian": 2.2,
        "Makanan dan Minuman": 1.15,
        "Teknologi Informasi": 0.7,
        "Perkantoran": 0.8,
        "Manajemen": 0.85,
    },
    "young": {"Bahasa Asing": 1.5, "Teknologi Informasi": 1.5, "Pertanian": 0.6},
    "middle": {},
    "old": {"Pertanian": 1.6, "Bahasa Asing": 0.5, "Teknologi Informasi": 0.5, "Keuangan": 1.2},
}
REGIONAL_TOPIC_DEVIATION: Final = 0.25  # of the logarithm, by province

# What people are drawn by, in units of the logarithm of the odds of a choice.
POPULARITY_DEVIATION: Final = 0.8
PROVINCE_TASTE_DEVIATION: Final = 0.4
TARGET_PULL: Final = 3.0  # times the cosine between what the occupation asks and what is taught
WISH_PULL: Final = 1.6  # a wished skill is taught
KNOWN_PUSH: Final = 0.8  # times the share of what is taught that is known
PRICE_PUSH_PER_MILLION: Final = 0.35
WAY_PUSH_PER_KM: Final = 1 / 30
MODE_PULL: Final = (0.0, 0.1, 1.5, 1.5)  # in the order of MODES
LEVEL_PULL: Final = 0.6  # times how far the level suits the schooling
FOLLOW_UP_PULL: Final = 2.5  # to what builds on the training just taken
MAIN_TOPIC, SECOND_TOPIC, ANY_TOPIC = 0.55, 0.25, 0.20  # parts of a person's taste
STAY_IN_TOPIC: Final = 0.5  # part of the taste that goes to the topic of the training just taken

# The course of events.
MONTHS: Final = 18
WAVES: Final = 36  # in the months above
EVER_BUYS: Final = 0.96
BUYS_AGAIN: Final = 0.60  # of those who finished and have balance left
MAX_PURCHASES: Final = 6
COMPLETION_LOGIT: Final = 2.35
COMPLETION_PER_HOUR: Final = -0.02  # from 20 hours
COMPLETION_BY_LEVEL: Final = (0.0, -0.2, -0.5)
RATING_DAYS: Final = 2  # most, between the end of a training and its rating
PAUSE_DAYS: Final = (
    18.0  # scale, between a rating and the next purchase; cut where the rule ends it
)

# The log of lists shown.
LOGGED_SHARE: Final = 0.1  # of visits
LIST_LENGTH: Final = 10
LOGGING_POPULARITY: Final = 0.8  # how strongly the logging policy follows popularity,
LOGGING_TASTE: Final = 0.5  # and the person's topics
CLICK_LOGIT: Final = -1.6
CLICK_PER_LOG_ODDS: Final = 0.7
CLICK_PULL: Final = 1.5  # to a clicked training, when choosing
