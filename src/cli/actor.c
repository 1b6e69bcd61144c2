#include "cli/actor.h"

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"

#define NAME_BUFFER 4096

struct audit_actor cli_actor(const struct cli *cli)
{
    struct passwd entry, *found = NULL;
    char *buffer = arena_alloc(cli->arena, NAME_BUFFER);
    struct str name = arena_printf(cli->arena, "uid %lld", (long long)getuid());
    if (getpwuid_r(getuid(), &entry, buffer, NAME_BUFFER, &found) == 0 && found &&
        text_is_line(str_of(found->pw_name)))
        name = str_of(found->pw_name);
    return (struct audit_actor){ .kind = AUDIT_CLI, .name = name };
}
