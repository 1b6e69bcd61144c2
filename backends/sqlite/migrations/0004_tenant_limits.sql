-- What a tenant may use when the operator gave it other limits than its plan's; NULL: the plan's.
ALTER TABLE tenants ADD COLUMN max_assets INTEGER CHECK (max_assets >= 0);
ALTER TABLE tenants ADD COLUMN max_users INTEGER CHECK (max_users >= 0);
