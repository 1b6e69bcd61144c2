-- What a tenant may use when the operator gave it other limits than its plan's; NULL: the plan's.
ALTER TABLE tenants ADD COLUMN max_assets BIGINT CHECK (max_assets >= 0);
ALTER TABLE tenants ADD COLUMN max_users BIGINT CHECK (max_users >= 0);
