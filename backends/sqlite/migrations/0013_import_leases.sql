-- Until when the node that runs an import has it. Apart from imports, since the node renews it while its one
-- long transaction is open, and the two must not meet.
CREATE TABLE import_leases (
    tenant_id INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    claim     INTEGER NOT NULL, -- whose it is: imports.claimed_until
    until     INTEGER NOT NULL,
    attempts  INTEGER NOT NULL, -- claims since it was queued
    PRIMARY KEY (tenant_id, import_id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
) STRICT;
