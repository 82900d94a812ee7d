"""Stage 0: the trainings as arrays, their quality, and the labour market around them."""
