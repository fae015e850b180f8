"""The tables of attachments."""

ATTACHMENTS = """
-- The base64 of attachments, once for each project; a message has it cut out of its content.
CREATE TABLE attachments (
    number INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    sha256 TEXT NOT NULL,
    base64 BLOB NOT NULL,
    UNIQUE (project, sha256)
) STRICT;

-- Without a constraint on messages, which a deletion would check for each row.
CREATE TABLE message_attachments (
    message INTEGER NOT NULL,
    attachment INTEGER NOT NULL REFERENCES attachments,
    PRIMARY KEY (message, attachment)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_of_attachment ON message_attachments (attachment);

-- Where the attachments of a message were in its content; empty when it is whole.
ALTER TABLE messages ADD COLUMN attachments BLOB NOT NULL DEFAULT X'';
"""
