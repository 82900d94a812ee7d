"""People to scarce seats: against the exact optimum, at scale, and on a real market."""
