/* Making tenants and users from the command line: the checks of what was typed, and the one transaction each
 * that writes it. */
#ifndef TETHER_CLI_ACCOUNTS_H
#define TETHER_CLI_ACCOUNTS_H

#include "access/membership.h"
#include "cli/command.h"

#define ACCOUNT_MAX_DOMAINS 32

struct account_tenant {
    struct tenant_new row;
    struct str domains[ACCOUNT_MAX_DOMAINS]; /* canonical hosts */
    size_t domain_count;
};
/* Creates the tenant with its domains. CLI_OK with *ret_id, or CLI_FAILED with a sentence on stderr. */
int account_add_tenant(struct cli *cli, const struct account_tenant *tenant, int64_t *ret_id);

struct account_user {
    struct str email, name;
    struct str password_hash; /* for a new user; not looked at when `existing` is set */
    const struct role *role;
    int64_t existing; /* the id of the user who has that address already; 0: none */
};
/* Creates the user, unless there is one, and the membership. CLI_OK with *ret_id, or CLI_FAILED with a
 * sentence. */
int account_add_user(struct cli *cli, const struct tenant *tenant, const struct account_user *user,
                     int64_t *ret_id);

/* Inside the write transaction that made them: the rows in the audit log of the tenant. */
enum storage_status account_audit_tenant(struct db_conn *conn, struct cli *cli,
                                         const struct account_tenant *tenant, int64_t id);
enum storage_status account_audit_user(struct db_conn *conn, struct cli *cli, int64_t tenant_id,
                                       const struct account_user *user, int64_t id);

/* The user with that address: CLI_OK with *ret_id, 0 when there is none; CLI_FAILED with a sentence. */
int account_find_user(struct cli *cli, struct str email, int64_t *ret_id);
/* The tenant with that slug; CLI_FAILED with a sentence when there is none. */
int account_find_tenant(struct cli *cli, struct str slug, struct tenant *ret);

/* Whether the role exists and fits the tenant: staff roles belong to the root tenant, and only they do. */
int account_check_role(struct str slug, bool in_root, const struct role **ret);
int account_check_email(struct str email);
/* A name somebody typed: not empty, at most 200 bytes. what: "--name". */
int account_check_name(struct str name, const char *what);

/* argon2id of a new password. */
int account_hash(struct cli *cli, struct str password, struct str *ret);

#endif
