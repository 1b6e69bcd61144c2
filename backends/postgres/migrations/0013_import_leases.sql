-- Until when the node that runs an import has it. Apart from imports, since the node renews it while its one
-- long transaction is open, and the two must not meet.
CREATE TABLE import_leases (
    tenant_id BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    claim     BIGINT NOT NULL, -- whose it is: imports.claimed_until
    until     BIGINT NOT NULL,
    attempts  BIGINT NOT NULL, -- claims since it was queued
    PRIMARY KEY (tenant_id, import_id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
