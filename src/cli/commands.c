#include "cli/commands.h"

static const struct cli_command *const commands[] = {
    &serve_command,
    &init_command,
    &migrate_command,
    &tenant_add_command,
    &tenant_list_command,
    &tenant_suspend_command,
    &tenant_activate_command,
    &tenant_delete_command,
    &tenant_domain_add_command,
    &tenant_domain_remove_command,
    &user_add_command,
    &token_add_command,
    &token_list_command,
    &token_revoke_command,
    &audit_verify_command,
    &audit_trim_command,
    &demo_command,
    &backup_command,
    &check_config_command,
    &routes_command,
    &openapi_command,
    &version_command,
};

const struct cli_command *const *cli_commands(size_t *ret_n)
{
    *ret_n = sizeof(commands) / sizeof(commands[0]);
    return commands;
}
