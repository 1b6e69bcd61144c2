/* Making tenants and users from the command line: the checks of what was typed, and the one transaction each
 * that writes it. */
#ifndef TETHER_CLI_ACCOUNTS_H
#define TETHER_CLI_ACCOUNTS_H

#include "access/membership.h"
#include "cli/command.h"
#include "team/founding.h"

#define ACCOUNT_MAX_DOMAINS 32

/* Founds the tenant that row, domains and owner say; the rest is filled in. CLI_OK with what
 * tenant_found() sets, or CLI_FAILED with a sentence on stderr. */
int account_found(struct cli *cli, struct founding *founding);
/* CLI_FAILED with the sentence for a domain that is not for that tenant. */
int account_refuse_domain(const struct cli *cli, struct str slug, struct str host);

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

/* The user with that address: CLI_OK with *ret_id, 0 when there is none; CLI_FAILED with a sentence. */
int account_find_user(struct cli *cli, struct str email, int64_t *ret_id);
/* The tenant with that slug; CLI_FAILED with a sentence when there is none. */
int account_find_tenant(struct cli *cli, struct str slug, struct tenant *ret);

/* Every tenant in the order of their making; goes on after a failure of `fn` and answers the worst of them.
 * CLI_OK, or CLI_FAILED with a sentence. The tenant lives until the next one. */
typedef int (*account_tenant_fn)(void *context, const struct tenant *tenant);
int account_each_tenant(struct cli *cli, account_tenant_fn fn, void *context);

/* Whether the role exists and fits the tenant: staff roles belong to the root tenant, and only they do. */
int account_check_role(struct str slug, bool in_root, const struct role **ret);
int account_check_email(struct str email);
/* A name somebody typed: not empty, at most 200 bytes. what: "--name". */
int account_check_name(struct str name, const char *what);

/* argon2id of a new password. */
int account_hash(struct cli *cli, struct str password, struct str *ret);

#endif
