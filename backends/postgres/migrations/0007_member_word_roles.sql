-- Each word of a member with the member's role and status: a search among those of a role, or among the
-- suspended, is then a range of an index, too. The foreign key keeps them as the membership has them.
CREATE UNIQUE INDEX memberships_state ON memberships (tenant_id, user_id, role, status);

CREATE TABLE member_words_next (
    tenant_id BIGINT NOT NULL,
    word      TEXT COLLATE "C" NOT NULL,
    user_id   BIGINT NOT NULL,
    role      TEXT COLLATE "C" NOT NULL,
    status    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, word, user_id),
    FOREIGN KEY (tenant_id, user_id, role, status) REFERENCES memberships (tenant_id, user_id, role, status)
        ON UPDATE CASCADE ON DELETE CASCADE
);

INSERT INTO member_words_next (tenant_id, word, user_id, role, status)
    SELECT w.tenant_id, w.word, w.user_id, m.role, m.status FROM member_words w
    JOIN memberships m ON m.tenant_id = w.tenant_id AND m.user_id = w.user_id;
DROP TABLE member_words;
ALTER TABLE member_words_next RENAME TO member_words;

CREATE INDEX member_words_member ON member_words (tenant_id, user_id, role, status, word);
CREATE INDEX member_words_role ON member_words (tenant_id, role, word, user_id, status);
CREATE INDEX member_words_status ON member_words (tenant_id, status, word, user_id, role);
