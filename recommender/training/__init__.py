"""From a dataset to a bundle."""
