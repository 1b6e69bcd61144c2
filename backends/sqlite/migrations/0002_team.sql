-- Custom roles, invitations, mail, the audit log, and what slows down guessing.
CREATE TABLE roles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    rank        INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 79),
    permissions TEXT NOT NULL, -- names, in table order, one space between
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, slug)
) STRICT;

-- Ids up to 100 are those of the system roles.
INSERT INTO sqlite_sequence (name, seq) VALUES ('roles', 100);

CREATE TABLE invitations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email       TEXT NOT NULL,
    email_normal TEXT NOT NULL,
    role        TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'cancelled', 'superseded')),
    token_hash  BLOB NOT NULL UNIQUE,
    invited_by  INTEGER REFERENCES users (id) ON DELETE SET NULL,
    accepted_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    decided_at  INTEGER
) STRICT;

-- One open invitation for an address in a tenant.
CREATE UNIQUE INDEX invitations_pending ON invitations (tenant_id, email_normal) WHERE status = 'pending';
CREATE INDEX invitations_tenant ON invitations (tenant_id, status, id);

-- Mail to be sent, written in the transaction of the deed that causes it.
CREATE TABLE mail_outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id       INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL,
    target_id       INTEGER NOT NULL, -- what it is about; 0: nothing
    recipient       TEXT NOT NULL,
    subject         TEXT NOT NULL,
    body_text       TEXT NOT NULL,
    body_html       TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    status          TEXT NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed', 'dropped')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL,
    claimed_until   INTEGER NOT NULL DEFAULT 0,
    last_error      TEXT NOT NULL DEFAULT '',
    created_at      INTEGER NOT NULL,
    sent_at         INTEGER
) STRICT;

CREATE INDEX mail_outbox_due ON mail_outbox (status, next_attempt_at);
CREATE INDEX mail_outbox_target ON mail_outbox (tenant_id, kind, target_id);

-- Append-only; one hash chain per tenant.
CREATE TABLE audit_log (
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    action      TEXT NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    INTEGER NOT NULL,
    actor_name  TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id   INTEGER NOT NULL,
    target_name TEXT NOT NULL,
    before_json TEXT,
    after_json  TEXT,
    address     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    hash        BLOB NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT;

-- The end of each chain; and where it begins once old rows were let go.
CREATE TABLE audit_heads (
    tenant_id  INTEGER NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    first_seq  INTEGER NOT NULL DEFAULT 1,
    first_hash BLOB NOT NULL
) STRICT;

-- Failed sign-ins: of an account, known or not; and apart from that, of an account at a network address from
-- which it was signed in to.
CREATE TABLE sign_in_failures (
    account     BLOB NOT NULL PRIMARY KEY, -- a keyed hash
    known       INTEGER NOT NULL CHECK (known IN (0, 1)), -- 1: of such a network address
    failures    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    retry_after INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_failures_age ON sign_in_failures (known, last_at);

-- Fixed windows that several nodes share.
CREATE TABLE rate_windows (
    bucket    TEXT NOT NULL PRIMARY KEY,
    window_at INTEGER NOT NULL, -- its end
    taken     INTEGER NOT NULL
) STRICT;

CREATE INDEX rate_windows_age ON rate_windows (window_at);

-- The team's lists: all in order of joining, those of a role, the suspended ones.
CREATE INDEX memberships_joined ON memberships (tenant_id, created_at, user_id);
CREATE INDEX memberships_role ON memberships (tenant_id, role, created_at, user_id);
CREATE INDEX memberships_suspended ON memberships (tenant_id, created_at, user_id) WHERE status = 'suspended';

-- Where words begin in a member's name and address, in lower case: what a search finds them by.
CREATE TABLE member_words (
    tenant_id INTEGER NOT NULL,
    word      TEXT NOT NULL,
    user_id   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, word, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX member_words_member ON member_words (tenant_id, user_id, word);
