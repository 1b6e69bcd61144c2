-- What the lists of users and of tenants can be sorted by. A member's name and address stand with the membership, so
-- that a page of a tenant's members by name is a range of an index; the triggers keep them as the user has them,
-- whoever writes.

-- Nodes of the version before may still be writing.
LOCK TABLE users, memberships IN SHARE ROW EXCLUSIVE MODE;

ALTER TABLE memberships ADD COLUMN name TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE memberships ADD COLUMN email TEXT COLLATE "C" NOT NULL DEFAULT '';

UPDATE memberships m SET name = u.name, email = u.email FROM users u WHERE u.id = m.user_id;

-- The user's row is held until the membership is there: a new name that comes at the same time finds it.
CREATE FUNCTION memberships_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT u.name, u.email INTO NEW.name, NEW.email FROM users u WHERE u.id = NEW.user_id FOR SHARE;
    NEW.name := COALESCE(NEW.name, '');
    NEW.email := COALESCE(NEW.email, '');
    RETURN NEW;
END
$$;
CREATE TRIGGER memberships_named BEFORE INSERT ON memberships
    FOR EACH ROW EXECUTE FUNCTION memberships_named();

CREATE FUNCTION users_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE memberships SET name = NEW.name, email = NEW.email WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_renamed AFTER UPDATE OF name, email ON users
    FOR EACH ROW EXECUTE FUNCTION users_renamed();

CREATE INDEX memberships_name ON memberships (tenant_id, name, user_id);
CREATE INDEX memberships_email ON memberships (tenant_id, email, user_id);

CREATE INDEX tenants_name ON tenants (name, id);
CREATE INDEX tenants_plan ON tenants (plan, id);
CREATE INDEX tenants_created ON tenants (created_at, id);
