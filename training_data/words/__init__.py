"""How people write: spoken words, abbreviations, regional words, negations; data files, one a language."""
