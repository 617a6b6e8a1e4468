-- The public vault. The events are the record; everything else can be thrown away and made again.

CREATE TABLE event (
    idx   INTEGER PRIMARY KEY,          -- entry index, from 0
    fact  BLOB NOT NULL UNIQUE,         -- hash of what is said, without who recorded it and when
    leaf  BLOB NOT NULL,                -- RFC 6962 leaf hash
    bytes BLOB NOT NULL                 -- canonical bytes
) STRICT;

-- Signed in the same transaction as the events it covers, so that a kill at any moment leaves the two in step.
CREATE TABLE checkpoint (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    note TEXT NOT NULL
) STRICT;

-- Text extracted from a document, so that a passage can be shown in its place without reading the file again.
CREATE TABLE document_text (
    sha256 TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

-- A projection: rebuilt whenever it covers fewer events than there are.
CREATE VIRTUAL TABLE search USING fts5 (
    address UNINDEXED, kind UNINDEXED, title, body,
    tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TABLE projection (
    name   TEXT PRIMARY KEY,
    events INTEGER NOT NULL             -- how many events it covers
) STRICT;
