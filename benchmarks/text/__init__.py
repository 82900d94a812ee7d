"""Text encoder, skills and vacancies against words alone."""
