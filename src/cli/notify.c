#include "cli/notify.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

/* '@' stands for the NUL of an abstract address. Returns its length, 0 when it does not fit. */
static socklen_t socket_address(const char *name, struct sockaddr_un *ret)
{
    size_t len = strlen(name);
    if (len == 0 || len >= sizeof(ret->sun_path) || (name[0] != '/' && name[0] != '@'))
        return 0;
    *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(ret->sun_path, name, len);
    if (name[0] == '@')
        ret->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void notify_manager(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t size = name ? socket_address(name, &address) : 0;
    if (size == 0)
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
        log_event(LOG_WARN, "the service manager could not be told", LOG_Z("state", state),
                  LOG_Z("error", strerror(errno)));
    if (fd >= 0)
        close(fd);
}
