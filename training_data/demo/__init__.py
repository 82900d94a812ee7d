"""The project's own catalogue: trainings written for it, in Indonesian, one TOML file a topic."""

from training_data.demo.catalogue import HOURS_A_DAY, demo_classes, demo_courses, demo_places

__all__ = ["HOURS_A_DAY", "demo_classes", "demo_courses", "demo_places"]
