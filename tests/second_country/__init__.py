"""A country that there is not: its own rules, money, language, islands, skills and catalogue, as data."""
