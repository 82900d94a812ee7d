"""Which bundle answers: releases, A/B tests, shadow mode."""
