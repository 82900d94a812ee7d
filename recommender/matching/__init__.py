"""Sets of trainings within a balance; later, people to scarce seats."""
