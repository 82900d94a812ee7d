"""Sets of trainings within a balance, and people to scarce seats."""
