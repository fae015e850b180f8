"""The step of the schema that lets a namespace be erased, and what repeats a deleted object go."""

ERASURES = """
-- Namespaces that are being erased, by a keyed hash of their names, and what was deleted so far.
CREATE TABLE erasures (
    namespace BLOB PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    started TEXT NOT NULL,
    deleted BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_by_project ON erasures (project);

-- The namespace of the request; older responses, which have none, belong to every one.
ALTER TABLE answers ADD COLUMN namespace TEXT;

-- What a kept response repeats beside its own request: an object of a kind, and of which dialogue
-- (its row id) or memory; of a message, also its seq.
ALTER TABLE answers ADD COLUMN quoted TEXT;
ALTER TABLE answers ADD COLUMN quoted_of INTEGER;
ALTER TABLE answers ADD COLUMN quoted_seq INTEGER;
CREATE INDEX answers_by_quoted ON answers (quoted_of, quoted) WHERE quoted IS NOT NULL;
"""
