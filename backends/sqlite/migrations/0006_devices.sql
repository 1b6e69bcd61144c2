-- Devices: a tenant's screens, what they show, and how they are paired.
CREATE TABLE devices (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    content     TEXT NOT NULL,    -- a JSON object
    revision    INTEGER NOT NULL, -- raised with each change of what it shows
    token_hash  BLOB UNIQUE,      -- SHA-256 of the token in use; NULL: none has been used yet
    next_hash   BLOB UNIQUE,      -- of a token that was handed out and not used yet
    rotate_key  BLOB,             -- a rotation waits: what the next token is made with
    token_until INTEGER,          -- a rotation waits: how long the token in use holds
    paired_at   INTEGER,          -- when the token in use was used first
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    CHECK ((rotate_key IS NULL) = (token_until IS NULL))
) STRICT;

CREATE INDEX devices_tenant ON devices (tenant_id, id);

-- Apart from devices, so that what changes every few seconds is small.
CREATE TABLE device_seen (
    device_id INTEGER PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seen_at   INTEGER NOT NULL -- 0: never
) STRICT;

-- Ways to a device token that are open: begun by a screen, or a link that staff made.
CREATE TABLE device_pairings (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    poll_hash  BLOB NOT NULL UNIQUE, -- SHA-256 of what fetches the token
    code       TEXT UNIQUE,          -- what the screen shows; NULL: taken, or a link
    tenant_id  INTEGER REFERENCES tenants (id) ON DELETE CASCADE, -- the only one that may take it; NULL: any
    device_id  INTEGER UNIQUE REFERENCES devices (id) ON DELETE CASCADE, -- NULL: nobody took it yet
    origin     TEXT NOT NULL,        -- network address of the screen; empty for a link
    handed_at  INTEGER,              -- when the token was handed out last
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX device_pairings_origin ON device_pairings (origin, expires_at);
CREATE INDEX device_pairings_expiry ON device_pairings (expires_at);
