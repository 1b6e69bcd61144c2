-- What the lists of users and of tenants can be sorted by. A member's name and address stand with the membership, so
-- that a page of a tenant's members by name is a range of an index; the triggers keep them as the user has them,
-- whoever writes.
ALTER TABLE memberships ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN email TEXT NOT NULL DEFAULT '';

UPDATE memberships SET
    name = COALESCE((SELECT u.name FROM users u WHERE u.id = memberships.user_id), ''),
    email = COALESCE((SELECT u.email FROM users u WHERE u.id = memberships.user_id), '');

CREATE TRIGGER memberships_named AFTER INSERT ON memberships BEGIN
    UPDATE memberships SET
        name = COALESCE((SELECT u.name FROM users u WHERE u.id = NEW.user_id), ''),
        email = COALESCE((SELECT u.email FROM users u WHERE u.id = NEW.user_id), '')
    WHERE tenant_id = NEW.tenant_id AND user_id = NEW.user_id;
END;

CREATE TRIGGER users_renamed AFTER UPDATE OF name, email ON users BEGIN
    UPDATE memberships SET name = NEW.name, email = NEW.email WHERE user_id = NEW.id;
END;

CREATE INDEX memberships_name ON memberships (tenant_id, name, user_id);
CREATE INDEX memberships_email ON memberships (tenant_id, email, user_id);

CREATE INDEX tenants_name ON tenants (name, id);
CREATE INDEX tenants_plan ON tenants (plan, id);
CREATE INDEX tenants_created ON tenants (created_at, id);
