/* The crm surface's records. */
#include "api/record.h"
#include "api/tables.h"

static const struct route routes[] = {
    RECORD_ROUTES(record_department, "crm_department", "department", "departments", "/api/departments",
                  TENANT_BY_TOKEN, 204, PERM_DEPARTMENTS_MANAGE, PERM_DEPARTMENTS_MANAGE,
                  PERM_DEPARTMENTS_MANAGE, PERM_DEPARTMENTS_MANAGE),
    RECORD_ROUTES(record_contact, "crm_contact", "contact", "contacts", "/api/contacts", TENANT_BY_TOKEN, 204,
                  PERM_CONTACTS_VIEW, PERM_CONTACTS_CREATE, PERM_CONTACTS_EDIT, PERM_CONTACTS_DELETE),
    RECORD_ROUTES(record_conversation, "crm_conversation", "conversation", "conversations",
                  "/api/conversations", TENANT_BY_TOKEN, 204, PERM_CONVERSATIONS_VIEW,
                  PERM_CONVERSATIONS_CREATE, PERM_CONVERSATIONS_CREATE, PERM_CONVERSATIONS_CREATE),
    RECORD_LIST_ROUTE(record_message, "crm_message", "messages of a conversation",
                      "/api/conversations/{id}/messages", TENANT_BY_TOKEN, PERM_CONVERSATIONS_VIEW),
    RECORD_CREATE_ROUTE(record_message, "crm_message", "message in a conversation",
                        "/api/conversations/{id}/messages", TENANT_BY_TOKEN, PERM_CONVERSATIONS_CREATE),
};

const struct route_table crm_records_routes = ROUTE_TABLE(&crm_surface, routes);
