"""The step of the schema that has all words indexed again."""

WORDS_AGAIN = """
-- Words of older versions are indexed again, in the form in which they are compared now.
DELETE FROM index_runs WHERE embedder IS NULL;
INSERT INTO index_runs (object, last) SELECT object, upto FROM indexed WHERE upto > 0;
"""
