/* Reading a small file that decides about security: regular, bounded, in nobody's hands but root's and ours.
 */
#include "config/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *judge(int fd, bool *ret_is_public)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "something that is no regular file";
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return "a file of another user";
    if ((st.st_mode & S_IWOTH) != 0)
        return "a file that everybody may write";
    if ((st.st_mode & S_IWGRP) != 0)
        return "a file that its group may write";
    *ret_is_public = (st.st_mode & S_IROTH) != 0;
    return st.st_size > CONFIG_MAX_BYTES ? "more than 64 KiB" : NULL;
}

/* Reads one byte more than allowed, for the case that the file grows meanwhile. */
static const char *slurp(struct arena *arena, int fd, struct str *ret)
{
    char *at = arena_alloc(arena, CONFIG_MAX_BYTES + 1);
    size_t len = 0;
    while (len <= CONFIG_MAX_BYTES) {
        ssize_t n = read(fd, at + len, CONFIG_MAX_BYTES + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strerror(errno);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret = str_from(at, len);
    return len > CONFIG_MAX_BYTES ? "more than 64 KiB" : NULL;
}

bool config_read_file(struct arena *arena, const char *path, struct str *ret, bool *ret_is_public,
                      const char **ret_found)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *ret_found = strerror(errno);
        return false;
    }
    *ret_found = judge(fd, ret_is_public);
    if (*ret_found == NULL)
        *ret_found = slurp(arena, fd, ret);
    close(fd);
    errno = 0;
    return *ret_found == NULL;
}
