-- Records: a table per kind (src/records). A reference is (tenant_id, column): it cannot leave the tenant.
CREATE TABLE categories (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

CREATE INDEX categories_created ON categories (tenant_id, created_at, id);
