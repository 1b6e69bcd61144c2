/* An outbox to fill, a sender to run by hand, and an SMTP server that misbehaves on request. */
#ifndef MAIL_FIXTURE_H
#define MAIL_FIXTURE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/json.h"
#include "mail/sender.h"
#include "tenancy_fixture.h"

struct post {
    struct fixture *fixture;
    char folder[64]; /* of its own, for files and what the server took */
    struct config *config;
    struct tenant tenant;
    atomic_bool stopping;
    struct mail_rounds rounds;
    pid_t server;
    int port;
};

/* yaml: lines for the configuration; "%s" stands for the folder and, after it, "%d" for the server's port.
 * NULL with a server: plain SMTP to it. server_args: more for smtp_server.py, shell-quoted; NULL: no server.
 */
struct post *post_new(const char *yaml, const char *server_args);
void post_free(struct post **post);

/* One mail of the template "invitation" to that address; its message id. */
struct str post_enqueue(struct post *post, const char *to);
enum mail_round post_round(struct post *post);

int64_t post_count(struct post *post, const char *sql);
struct str post_text(struct post *post, const char *sql);
/* How many messages the server took; the record of one of them. */
int post_taken(struct post *post);
cJSON *post_record(struct post *post, int number);
const char *record_text(cJSON *record, const char *name);

/* A whole file in the fixture's arena. */
struct str read_whole(struct arena *arena, const char *path);

#endif
