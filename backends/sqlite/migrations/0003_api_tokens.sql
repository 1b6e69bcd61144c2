-- API tokens: long-lived keys of a user in one tenant, narrower than the user.
CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- whose it is
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,        -- how the secret begins, to know it by
    token_hash   BLOB NOT NULL UNIQUE, -- SHA-256 of the secret
    old_hash     BLOB UNIQUE,          -- of the secret before the last rotation, while that holds
    old_until    INTEGER,
    scopes       TEXT NOT NULL,        -- names of permissions, in table order, one space between
    addresses    TEXT NOT NULL,        -- addresses and CIDR blocks, one space between; empty: from anywhere
    rate_limit   INTEGER CHECK (rate_limit > 0), -- requests per minute
    expires_at   INTEGER,
    last_used_at INTEGER,              -- written in batches
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK ((old_hash IS NULL) = (old_until IS NULL))
) STRICT;

CREATE INDEX api_tokens_tenant ON api_tokens (tenant_id, id);
CREATE INDEX api_tokens_user ON api_tokens (user_id, tenant_id);
