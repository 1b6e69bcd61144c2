-- Files of records that come in parts, larger than one request may be (src/records/upload.c).
CREATE TABLE imports (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id       INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    bytes         INTEGER NOT NULL CHECK (bytes > 0), -- of all parts together, as announced
    status        TEXT NOT NULL CHECK (status IN ('uploading', 'queued', 'running', 'done', 'failed')),
    existing      INTEGER NOT NULL DEFAULT 0,
    is_dry        INTEGER NOT NULL DEFAULT 0 CHECK (is_dry IN (0, 1)),
    claimed_until INTEGER NOT NULL DEFAULT 0, -- by the node that runs it
    actor_kind    INTEGER NOT NULL, -- who will stand in the audit log
    actor_id      INTEGER NOT NULL,
    actor_name    TEXT NOT NULL,
    address       TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    made          INTEGER NOT NULL DEFAULT 0,
    changed       INTEGER NOT NULL DEFAULT 0,
    skipped       INTEGER NOT NULL DEFAULT 0,
    detail        TEXT, -- why it failed
    errors        TEXT, -- what is wrong with the file, JSON
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    UNIQUE (tenant_id, id)
) STRICT;

CREATE INDEX imports_waiting ON imports (id) WHERE status IN ('queued', 'running');
CREATE INDEX imports_updated ON imports (updated_at);

CREATE TABLE import_parts (
    tenant_id INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    n         INTEGER NOT NULL CHECK (n > 0),
    size      INTEGER NOT NULL,
    data      BLOB NOT NULL,
    PRIMARY KEY (tenant_id, import_id, n),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
) STRICT;
