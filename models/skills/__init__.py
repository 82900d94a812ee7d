"""Skills and occupations found in what people wrote."""
