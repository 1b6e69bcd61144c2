/* Private directories on a memory file system, for ":memory:". A process that is killed leaves its own
 * behind; whoever makes the next one sweeps those that nobody holds the lock of any more. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define PREFIX      "tether-memory-"
#define SWEEP_AFTER 60 /* seconds; a directory that young may be about to be locked */

static const char *parent_dir(void)
{
    if (access("/dev/shm", W_OK) == 0)
        return "/dev/shm";
    const char *dir = getenv("TMPDIR");
    return dir ? dir : "/tmp";
}

void scratch_remove(const char *dir)
{
    static const char *const names[] = { "db", "db-wal", "db-shm", "db.lock" };
    char path[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static bool is_abandoned(const char *dir)
{
    char path[PATH_MAX + 16];
    struct stat st;
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        time(NULL) - st.st_mtime < SWEEP_AFTER)
        return false;
    snprintf(path, sizeof(path), "%s/db.lock", dir);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return true;
    bool free_lock = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return free_lock;
}

static void sweep(const char *parent)
{
    char path[PATH_MAX];
    DIR *dir = opendir(parent);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && is_abandoned(path))
            scratch_remove(path);
    }
    closedir(dir);
}

char *scratch_make(void)
{
    char *dir = NULL;
    const char *parent = parent_dir();
    sweep(parent);
    if (asprintf(&dir, "%s/" PREFIX "XXXXXX", parent) < 0)
        abort();
    if (mkdtemp(dir))
        return dir;
    free(dir);
    return NULL;
}
