"""`padan bench answers`: lists for written people, judged by reading, and what phrases are understood to mean."""
