-- The crm surface: departments and who belongs to them, contacts, conversations, messages.
CREATE TABLE departments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

CREATE INDEX departments_created ON departments (tenant_id, created_at, id);

-- One department at most for each member.
CREATE TABLE department_members (
    tenant_id     INTEGER NOT NULL,
    user_id       INTEGER NOT NULL,
    department_id INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX department_members_department ON department_members (tenant_id, department_id, user_id);

-- Whoever is assigned a contact was a member then, and may have left since.
CREATE TABLE contacts (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id         INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    first_name        TEXT NOT NULL,
    last_name         TEXT,
    email             TEXT,
    phone             TEXT,
    company           TEXT,
    job_title         TEXT,
    status            TEXT NOT NULL,
    source            TEXT,
    notes             TEXT,
    assigned_to       INTEGER REFERENCES users (id) ON DELETE SET NULL,
    department_id     INTEGER,
    created_by        INTEGER REFERENCES users (id) ON DELETE SET NULL,
    last_contacted_at INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, department_id) REFERENCES departments (tenant_id, id)
) STRICT;

CREATE INDEX contacts_created ON contacts (tenant_id, created_at, id);
CREATE INDEX contacts_first_name ON contacts (tenant_id, first_name, id);
CREATE INDEX contacts_last_name ON contacts (tenant_id, COALESCE(last_name, ''), id);
CREATE INDEX contacts_company_sorted ON contacts (tenant_id, COALESCE(company, ''), id);
CREATE INDEX contacts_company ON contacts (tenant_id, company, id);
CREATE INDEX contacts_email ON contacts (tenant_id, email, id);
CREATE INDEX contacts_status ON contacts (tenant_id, status, id);
CREATE INDEX contacts_source ON contacts (tenant_id, source, id);
CREATE INDEX contacts_assigned ON contacts (tenant_id, assigned_to, created_at, id);
CREATE INDEX contacts_department ON contacts (tenant_id, department_id, created_at, id);
CREATE INDEX contacts_assigned_user ON contacts (assigned_to);
CREATE INDEX contacts_creator ON contacts (created_by);

CREATE TABLE conversations (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id       INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    contact_id      INTEGER NOT NULL,
    subject         TEXT NOT NULL,
    channel         TEXT NOT NULL,
    status          TEXT NOT NULL,
    message_count   INTEGER NOT NULL,
    last_message_at INTEGER,
    created_by      INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
) STRICT;

CREATE INDEX conversations_created ON conversations (tenant_id, created_at, id);
CREATE INDEX conversations_subject ON conversations (tenant_id, subject, id);
CREATE INDEX conversations_contact ON conversations (tenant_id, contact_id, id);
CREATE INDEX conversations_channel ON conversations (tenant_id, channel, id);
CREATE INDEX conversations_status ON conversations (tenant_id, status, id);
CREATE INDEX conversations_last_message
    ON conversations (tenant_id, COALESCE(last_message_at, -9000000000000000000), id);
CREATE INDEX conversations_creator ON conversations (created_by);

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id       INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL,
    body            TEXT NOT NULL,
    direction       TEXT NOT NULL,
    sent_at         INTEGER,
    author_id       INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
) STRICT;

CREATE INDEX messages_created ON messages (tenant_id, created_at, id);
CREATE INDEX messages_conversation ON messages (tenant_id, conversation_id, id);
CREATE INDEX messages_author ON messages (author_id);
