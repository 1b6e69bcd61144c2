/* tcp_fault_proxy TARGET: the fault proxy as a program, for tests that are not written in C.
 *
 * TARGET is the path of a unix socket or a port on 127.0.0.1. The first line of output is the port to connect
 * to. Then each line of input is an order, a word and a number: "delay 2000", "dribble 100", "swallow",
 * "drop", "reset", "cut-before 3", "cut-during 3", "cut-after 3", "none"; each is answered with "ok". Ends
 * with its input. */
#include "proxy.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum fault fault;
} orders[] = {
    { "none", FAULT_NONE },
    { "delay", FAULT_DELAY },
    { "dribble", FAULT_DRIBBLE },
    { "swallow", FAULT_SWALLOW },
    { "drop", FAULT_DROP },
    { "reset", FAULT_RESET },
    { "cut-before", FAULT_CUT_BEFORE },
    { "cut-during", FAULT_CUT_DURING },
    { "cut-after", FAULT_CUT_AFTER },
};

static const char *obey(struct fault_proxy *proxy, const char *line)
{
    char word[32];
    int arg = 0;
    if (sscanf(line, "%31s %d", word, &arg) < 1)
        return "empty";
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (strcmp(word, orders[i].word) == 0) {
            fault_proxy_set(proxy, orders[i].fault, arg);
            return "ok";
        }
    }
    return "unknown";
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: tcp_fault_proxy TARGET\n");
        return 2;
    }
    struct fault_proxy *proxy = fault_proxy_start(argv[1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%d\n", fault_proxy_port(proxy));
    char line[128];
    while (fgets(line, sizeof(line), stdin))
        printf("%s\n", obey(proxy, line));
    fault_proxy_stop(proxy);
    return 0;
}
