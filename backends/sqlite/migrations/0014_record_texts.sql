-- What a record is searched by, in one text: each word after a line end. Who has the record looks here, so that
-- record_words needs one index alone.
CREATE TABLE record_texts (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    words     TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, record_id)
) STRICT, WITHOUT ROWID;

INSERT INTO record_texts (tenant_id, kind, record_id, words)
SELECT tenant_id, kind, record_id, char(10) || group_concat(word, char(10))
FROM record_words INDEXED BY record_words_record
GROUP BY tenant_id, kind, record_id;

DROP INDEX record_words_record;
