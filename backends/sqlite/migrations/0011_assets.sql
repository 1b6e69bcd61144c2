-- Assets, where they are, who has them, and what happened to them.
CREATE TABLE locations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    address    TEXT,
    parent_id  INTEGER,
    notes      TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES locations (tenant_id, id)
) STRICT;

CREATE INDEX locations_created ON locations (tenant_id, created_at, id);
CREATE INDEX locations_parent ON locations (tenant_id, parent_id, id);

CREATE TABLE employees (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    email      TEXT,
    department TEXT,
    phone      TEXT,
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, email)
) STRICT;

CREATE INDEX employees_name ON employees (tenant_id, name, id);
CREATE INDEX employees_email ON employees (tenant_id, COALESCE(email, ''), id);
CREATE INDEX employees_department ON employees (tenant_id, department, id);
CREATE INDEX employees_active ON employees (tenant_id, active, id);
CREATE INDEX employees_created ON employees (tenant_id, created_at, id);

CREATE TABLE assets (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id      INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    tag            TEXT NOT NULL,
    name           TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('available', 'checked_out', 'maintenance', 'lost', 'retired')),
    category_id    INTEGER,
    location_id    INTEGER,
    serial_number  TEXT,
    manufacturer   TEXT,
    model          TEXT,
    purchase_date  INTEGER,
    purchase_cost  INTEGER, -- hundredths of the currency's unit
    currency       TEXT,
    warranty_end   INTEGER,
    notes          TEXT,
    employee_id    INTEGER,
    checked_out_at INTEGER,
    due_at         INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, tag),
    FOREIGN KEY (tenant_id, category_id) REFERENCES categories (tenant_id, id),
    FOREIGN KEY (tenant_id, location_id) REFERENCES locations (tenant_id, id),
    FOREIGN KEY (tenant_id, employee_id) REFERENCES employees (tenant_id, id),
    CHECK ((status = 'checked_out') = (employee_id IS NOT NULL))
) STRICT;

CREATE INDEX assets_name ON assets (tenant_id, name, id);
CREATE INDEX assets_created ON assets (tenant_id, created_at, id);
CREATE INDEX assets_status ON assets (tenant_id, status, id);
CREATE INDEX assets_category ON assets (tenant_id, category_id, id);
CREATE INDEX assets_location ON assets (tenant_id, location_id, id);
CREATE INDEX assets_serial ON assets (tenant_id, serial_number, id);
CREATE INDEX assets_purchased ON assets (tenant_id, COALESCE(purchase_date, -9000000000000000000), id);
CREATE INDEX assets_warranty ON assets (tenant_id, COALESCE(warranty_end, -9000000000000000000), id);
CREATE INDEX assets_employee ON assets (tenant_id, employee_id, id) WHERE employee_id IS NOT NULL;
CREATE INDEX assets_due ON assets (tenant_id, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX assets_value ON assets (tenant_id, currency, status, purchase_cost);

-- The employee is told as they were called: they may be gone by now.
CREATE TABLE asset_events (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    asset_id      INTEGER NOT NULL,
    action        TEXT NOT NULL CHECK (action IN ('checked_out', 'checked_in')),
    employee_id   INTEGER NOT NULL,
    employee_name TEXT NOT NULL,
    due_at        INTEGER,
    condition     TEXT,
    notes         TEXT,
    done_by       TEXT NOT NULL, -- the address of whoever did it
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX asset_events_asset ON asset_events (tenant_id, asset_id, id);
CREATE INDEX asset_events_created ON asset_events (tenant_id, created_at, id);

-- The last number given to a record that got none.
CREATE TABLE record_numbers (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    last      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind)
) STRICT;

-- Where words begin in what a record is searched by, in lower case.
CREATE TABLE record_words (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    word      TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, word, record_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_words_record ON record_words (tenant_id, kind, record_id, word);
