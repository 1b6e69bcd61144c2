/* The file transport: one .eml per mail in mail.directory. A file is there whole or not at all, and a row
 * that is written again (the server died before it could write down that it was sent) replaces its own file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/transport.h"

struct mail_post {
    const struct config *config;
};

/* As mkdir -p; what cannot be made is noticed when a file is opened. */
static void make_folders(const char *path)
{
    char part[4097];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0700);
        *slash = '/';
    }
    mkdir(part, 0700);
}

static struct mail_post *file_open(const struct config *config, const atomic_bool *stopping, char *error,
                                   size_t cap)
{
    (void)stopping;
    make_folders(config->mail.directory.at);
    struct mail_post *post = calloc(1, sizeof *post);
    if (!post) {
        snprintf(error, cap, "no memory");
        return NULL;
    }
    post->config = config;
    return post;
}

static bool write_all(int fd, struct str data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.at, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data = str_sub(data, (size_t)n, data.len);
    }
    return true;
}

static bool write_file(int folder, const char *name, struct str data)
{
    char draft[80];
    snprintf(draft, sizeof draft, ".%s.part", name);
    int fd = openat(folder, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, data) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && renameat(folder, draft, folder, name) == 0 && fsync(folder) == 0;
    if (!ok) {
        int why = errno;
        unlinkat(folder, draft, 0);
        errno = why;
    }
    return ok;
}

static void file_send(struct mail_post *post, const struct mail_parcel *parcel, struct mail_result *ret)
{
    char name[64];
    const char *directory = post->config->mail.directory.at;
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(name, sizeof name, "%lld-%lld.eml", (long long)parcel->date, (long long)parcel->id);
    if (folder < 0 || !write_file(folder, name, parcel->message))
        mail_result_set(ret, MAIL_AWAY, "cannot write to mail.directory: %s", strerror(errno));
    else
        mail_result_set(ret, MAIL_SENT, "%s", "");
    if (folder >= 0)
        close(folder);
}

static void file_rest(struct mail_post *post)
{
    (void)post; /* nothing is kept open */
}

static void file_close(struct mail_post **post)
{
    free(*post);
    *post = NULL;
}

const struct mail_transport mail_file_transport = {
    .name = "file",
    .open = file_open,
    .send = file_send,
    .rest = file_rest,
    .close = file_close,
};
