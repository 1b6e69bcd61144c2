#include "cli/caution.h"

#include <stdio.h>

#include "http/listener.h"
#include "request/address.h"

#define EXPOSED_FILE "everybody on this machine may read a file with secrets; make its mode 0600"
#define PUBLIC_DEMO  "demo is on and other machines can reach it: the passwords of its users are public"

static bool is_loopback(struct str listen)
{
    struct str ranges[] = { STR("127.0.0.0/8"), STR("::1") };
    const struct str_list loopback = { ranges, 2 };
    struct listen_entry entry;
    if (!listen_entry_parse(listen, &entry) || entry.scheme == LISTEN_UNIX)
        return true; /* what is no address is refused elsewhere */
    return address_in_list(str_of(entry.host), &loopback);
}

bool caution_demo_is_public(const struct config *config)
{
    for (size_t i = 0; config->demo && i < config->server.listen.n; i++)
        if (!is_loopback(config->server.listen.at[i]))
            return true;
    return false;
}

void caution_log(const struct config *config)
{
    for (size_t i = 0; i < config->exposed.n; i++)
        log_event(LOG_WARN, EXPOSED_FILE, LOG_S("file", config->exposed.at[i]));
    if (caution_demo_is_public(config))
        log_event(LOG_WARN, PUBLIC_DEMO);
}

void caution_print(const struct config *config)
{
    for (size_t i = 0; i < config->exposed.n; i++)
        fprintf(stderr, "warning: %.*s: " EXPOSED_FILE "\n", STR_ARG(config->exposed.at[i]));
    if (caution_demo_is_public(config))
        fputs("warning: " PUBLIC_DEMO "\n", stderr);
}
