-- What a record is searched by, in one text: each word after a line end. Who has the record looks here, so that
-- record_words needs one index alone.
CREATE TABLE record_texts (
    tenant_id BIGINT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind      TEXT COLLATE "C" NOT NULL,
    record_id BIGINT NOT NULL,
    words     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, kind, record_id)
);

-- Nodes of the version before may still be writing.
LOCK TABLE record_words IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO record_texts (tenant_id, kind, record_id, words)
SELECT tenant_id, kind, record_id, chr(10) || string_agg(word, chr(10))
FROM record_words
GROUP BY tenant_id, kind, record_id;

DROP INDEX record_words_record;
