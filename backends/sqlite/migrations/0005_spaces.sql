-- Spaces and their bookings; events, day passes and the tickets for both; community members; check-ins; payments.
CREATE TABLE spaces (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    location    TEXT NOT NULL DEFAULT '',
    capacity    INTEGER CHECK (capacity > 0), -- people; NULL: not said
    is_bookable INTEGER NOT NULL DEFAULT 1 CHECK (is_bookable IN (0, 1)),
    revision    INTEGER NOT NULL DEFAULT 0, -- raised by whoever books: bookings of a space happen one after the other
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, id)
) STRICT;

CREATE TABLE bookings (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    space_id     INTEGER NOT NULL,
    title        TEXT NOT NULL,
    notes        TEXT NOT NULL DEFAULT '',
    starts_at    INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL, -- the first moment that is free again
    status       TEXT NOT NULL DEFAULT 'confirmed' CHECK (status IN ('confirmed', 'cancelled')),
    created_by   INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK (starts_at < ends_at),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, space_id) REFERENCES spaces (tenant_id, id)
) STRICT;

CREATE INDEX bookings_space ON bookings (tenant_id, space_id, starts_at);
CREATE INDEX bookings_range ON bookings (tenant_id, starts_at, id);

CREATE TABLE events (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    title        TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    location     TEXT NOT NULL DEFAULT '',
    space_id     INTEGER,
    starts_at    INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    capacity     INTEGER NOT NULL CHECK (capacity > 0),
    taken        INTEGER NOT NULL DEFAULT 0, -- seats of pending and confirmed tickets
    price        INTEGER NOT NULL DEFAULT 0 CHECK (price >= 0), -- of one seat, in minor units
    currency     TEXT NOT NULL DEFAULT 'EUR',
    is_published INTEGER NOT NULL DEFAULT 0 CHECK (is_published IN (0, 1)),
    registration_opens_at  INTEGER,
    registration_closes_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK (starts_at < ends_at),
    CHECK (taken BETWEEN 0 AND capacity),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, space_id) REFERENCES spaces (tenant_id, id)
) STRICT;

CREATE INDEX events_time ON events (tenant_id, starts_at, id);
CREATE INDEX events_published ON events (tenant_id, starts_at, id) WHERE is_published = 1;

CREATE TABLE day_passes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    capacity     INTEGER NOT NULL CHECK (capacity > 0), -- on each day
    price        INTEGER NOT NULL DEFAULT 0 CHECK (price >= 0),
    currency     TEXT NOT NULL DEFAULT 'EUR',
    is_published INTEGER NOT NULL DEFAULT 0 CHECK (is_published IN (0, 1)),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (tenant_id, id)
) STRICT;

CREATE TABLE day_pass_days (
    tenant_id INTEGER NOT NULL,
    pass_id   INTEGER NOT NULL,
    day       INTEGER NOT NULL, -- days since 1970-01-01
    taken     INTEGER NOT NULL CHECK (taken >= 0),
    PRIMARY KEY (tenant_id, pass_id, day),
    FOREIGN KEY (tenant_id, pass_id) REFERENCES day_passes (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- A registration for an event or a purchase of a day pass.
CREATE TABLE tickets (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    event_id     INTEGER,
    pass_id      INTEGER,
    day          INTEGER NOT NULL DEFAULT 0, -- of a pass: days since 1970-01-01
    name         TEXT NOT NULL,
    email        TEXT NOT NULL,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    amount       INTEGER NOT NULL CHECK (amount >= 0), -- for all of them, in minor units
    currency     TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'cancelled', 'expired')),
    code_hash    BLOB NOT NULL UNIQUE,
    code_hint    TEXT NOT NULL, -- its last characters, to tell tickets apart
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL, -- while pending
    confirmed_at INTEGER,
    ended_at     INTEGER,
    CHECK ((event_id IS NULL) <> (pass_id IS NULL)),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, event_id) REFERENCES events (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, pass_id) REFERENCES day_passes (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX tickets_event ON tickets (tenant_id, event_id, id);
CREATE INDEX tickets_pass ON tickets (tenant_id, pass_id, id);
CREATE INDEX tickets_overdue ON tickets (expires_at, id) WHERE status = 'pending';
CREATE INDEX tickets_pending ON tickets (tenant_id, event_id, pass_id, day, expires_at) WHERE status = 'pending';

CREATE TABLE community_members (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    first_name  TEXT NOT NULL,
    last_name   TEXT NOT NULL DEFAULT '',
    email       TEXT,
    phone       TEXT NOT NULL DEFAULT '',
    notes       TEXT NOT NULL DEFAULT '',
    status      TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'ended')),
    code_hash   BLOB UNIQUE,
    code_hint   TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, id)
) STRICT;

-- Once per ticket, and once per member and day.
CREATE TABLE checkins (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    ticket_id INTEGER,
    member_id INTEGER,
    day       INTEGER NOT NULL, -- days since 1970-01-01 UTC
    at        INTEGER NOT NULL,
    by_user   INTEGER REFERENCES users (id) ON DELETE SET NULL, -- NULL: by themselves
    CHECK ((ticket_id IS NULL) <> (member_id IS NULL)),
    UNIQUE (tenant_id, ticket_id),
    UNIQUE (tenant_id, member_id, day),
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, member_id) REFERENCES community_members (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- What the payment provider told, each event once.
CREATE TABLE payments (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id      INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    provider_event TEXT NOT NULL UNIQUE,
    ticket_id      INTEGER NOT NULL,
    amount         INTEGER NOT NULL,
    currency       TEXT NOT NULL,
    outcome        TEXT NOT NULL CHECK (outcome IN ('confirmed', 'unmatched')),
    at             INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX payments_ticket ON payments (tenant_id, ticket_id);
