"""A simulated population: people with the published marginals, and what they chose and why.

Nobody in it exists. See ``figures`` for what is published and what is assumed.
"""

from training_data.simulation.dataset import simulate_dataset
from training_data.simulation.events import simulate_interactions
from training_data.simulation.people import simulate_people
from training_data.simulation.profiles import participant_table, simulate_participants
from training_data.simulation.world import World, build_world

__all__ = [
    "World",
    "build_world",
    "participant_table",
    "simulate_dataset",
    "simulate_interactions",
    "simulate_participants",
    "simulate_people",
]
