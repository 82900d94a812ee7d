"""Stage 5: reasons with evidence."""
