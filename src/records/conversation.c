/* Conversations with contacts, and their messages. Whoever sees a contact sees its conversations. */
#include "records/crm.h"

/* ---- conversations ---- */

struct conversation {
    struct record record;
    struct str subject, channel, status;
    struct crm_key contact_id, created_by;
    int64_t message_count, last_message_at;
};

static const struct record_reference contact = { .kind = &record_contact, .table = "contacts" };

static const char *const channels[] = { "email", "phone", "meeting", "chat", "other", NULL };
static const char *const statuses[] = { "open", "closed", NULL };

static const struct field conversation_rows[] = {
    FIELD(struct conversation, subject, "subject", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_SORT | FIELD_SEARCH, .max = 200, .help = "What it is about",
          .example = "Renewal for next year"),
    FIELD(struct conversation, contact_id, "contactId", FIELD_CRM_ID,
          .flags = FIELD_REQUIRED | FIELD_IMMUTABLE | FIELD_FILTER, .column = "contact_id",
          .reference = &contact, .help = "Whom it is with", .example = "65f2a1b00000000000000007"),
    FIELD(struct conversation, channel, "channel", FIELD_ENUM, .flags = FIELD_FILTER, .words = channels,
          .preset = "email", .help = "How it is held", .example = "email"),
    FIELD(struct conversation, status, "status", FIELD_ENUM, .flags = FIELD_FILTER, .words = statuses,
          .preset = "open", .help = "Whether it goes on", .example = "open"),
    FIELD(struct conversation, message_count, "messageCount", FIELD_INT, .flags = FIELD_READONLY,
          .column = "message_count", .help = "Messages in it", .example = "3"),
    FIELD(struct conversation, last_message_at, "lastMessageAt", FIELD_TIME,
          .flags = FIELD_NULLABLE | FIELD_READONLY | FIELD_SORT, .column = "last_message_at",
          .help = "When the last one was written", .example = "2026-11-27T09:30:00Z"),
    FIELD(struct conversation, created_by, "createdBy", FIELD_CRM_ID,
          .flags = FIELD_NULLABLE | FIELD_READONLY, .column = "created_by", .reference = &crm_user,
          .help = "Who began it", .example = "65f2a1b00000000000000007"),
};
enum { CREATED_BY = 6 };

#define OF_CONTACT(condition_)                                                                               \
    "EXISTS (SELECT 1 FROM contacts c WHERE c.tenant_id = t.tenant_id AND c.id = t.contact_id "              \
    "AND (" condition_ "))"
static const char *const scopes[] = { [CRM_OWN] = OF_CONTACT(CRM_IS_OWN("c")),
                                      [CRM_DEPARTMENT] = OF_CONTACT(CRM_IS_DEPARTMENTS("c")),
                                      [CRM_ALL] = "",
                                      NULL };

/* A deleted conversation takes its messages with it. */
static enum storage_status delete_messages(struct db_conn *conn, const struct record_deed *deed)
{
    int64_t tenant_id = deed->caller->tenant->id, n = 0;
    enum storage_status status =
        db_exec(conn, "DELETE FROM messages WHERE tenant_id = $1 AND conversation_id = $2",
                DB_ARGS(db_int(tenant_id), db_int(deed->id)), &n);
    return status == STORAGE_OK && n > 0 ? plan_release(conn, tenant_id, "messages", n) : status;
}

static enum storage_status before_conversation(struct db_conn *conn, struct record_deed *deed, void *now,
                                               const void *before)
{
    struct conversation *conversation = now;
    (void)before;
    if (deed->act == RECORD_DELETE)
        return delete_messages(conn, deed);
    if (deed->act == RECORD_CREATE) {
        conversation->record.has |= UINT64_C(1) << CREATED_BY;
        conversation->created_by.id = deed->caller->user_id;
    }
    return STORAGE_OK;
}

struct record_kind record_conversation = {
    .table = "conversations",
    .name = "conversation",
    .title = "Conversation",
    RECORD_STRUCT(struct conversation, conversation_rows),
    .is_crm = true,
    .sort = "-createdAt",
    .scopes = scopes,
    .scope = crm_scope,
    .outside = "You can only hold conversations with contacts you see.",
    .before_write = before_conversation,
};

/* ---- messages ---- */

struct message {
    struct record record;
    struct str body, direction;
    struct crm_key conversation_id, author_id;
    int64_t sent_at;
};

static const struct record_reference conversation = { .kind = &record_conversation,
                                                      .table = "conversations" };

static const char *const directions[] = { "inbound", "outbound", "internal", NULL };

static const struct field message_rows[] = {
    FIELD(struct message, body, "body", FIELD_STR, .flags = FIELD_REQUIRED, .max = 20000,
          .help = "What was said", .example = "Thank you, we will be in touch."),
    FIELD(struct message, conversation_id, "conversationId", FIELD_CRM_ID,
          .flags = FIELD_PARENT | FIELD_IMMUTABLE, .column = "conversation_id", .reference = &conversation,
          .help = "What it is part of", .example = "65f2a1b00000000000000007"),
    FIELD(struct message, direction, "direction", FIELD_ENUM, .flags = FIELD_IMMUTABLE | FIELD_FILTER,
          .words = directions, .preset = "outbound",
          .help = "From the contact, to them, or a note among colleagues", .example = "outbound"),
    FIELD(struct message, sent_at, "sentAt", FIELD_TIME, .flags = FIELD_IMMUTABLE | FIELD_NULLABLE,
          .column = "sent_at", .help = "When it was said; now if left out",
          .example = "2026-11-27T09:30:00Z"),
    FIELD(struct message, author_id, "authorId", FIELD_CRM_ID, .flags = FIELD_NULLABLE | FIELD_READONLY,
          .column = "author_id", .reference = &crm_user, .help = "Who wrote it down",
          .example = "65f2a1b00000000000000007"),
};
enum { SENT_AT = 3, AUTHOR_ID };

static enum storage_status before_message(struct db_conn *conn, struct record_deed *deed, void *now,
                                          const void *before)
{
    struct message *message = now;
    (void)conn, (void)before;
    if (!record_has(&message->record, SENT_AT))
        message->sent_at = deed->caller->now;
    message->author_id.id = deed->caller->user_id;
    message->record.has |= UINT64_C(1) << SENT_AT | UINT64_C(1) << AUTHOR_ID;
    return STORAGE_OK;
}

/* The conversation tells how many there are and when the last one came, and so does the contact. */
static enum storage_status after_message(struct db_conn *conn, struct record_deed *deed, void *now,
                                         const void *before)
{
    const struct message *message = now;
    (void)before;
    struct db_args args = DB_ARGS(db_int(deed->caller->tenant->id), db_int(message->conversation_id.id),
                                  db_int(message->sent_at));
    enum storage_status status =
        db_exec(conn,
                "UPDATE conversations SET message_count = message_count + 1, last_message_at = CASE WHEN "
                "last_message_at > $3 THEN last_message_at ELSE $3 END WHERE tenant_id = $1 AND id = $2",
                args, NULL);
    if (status != STORAGE_OK)
        return status;
    return db_exec(conn,
                   "UPDATE contacts SET last_contacted_at = CASE WHEN last_contacted_at > $3 THEN "
                   "last_contacted_at ELSE $3 END WHERE tenant_id = $1 AND id = (SELECT c.contact_id FROM "
                   "conversations c WHERE c.tenant_id = $1 AND c.id = $2)",
                   args, NULL);
}

struct record_kind record_message = {
    .table = "messages",
    .name = "message",
    .title = "Message",
    RECORD_STRUCT(struct message, message_rows),
    .is_crm = true,
    .sort = "id",
    .parent = &record_conversation,
    .before_write = before_message,
    .after_write = after_message,
};
