"""Texts to vectors: encoders, the content space, words and phrases."""
