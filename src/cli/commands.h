/* One row per sub-command; each stands at the bottom of the file of that name. */
#ifndef TETHER_CLI_COMMANDS_H
#define TETHER_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct cli_command serve_command;
extern const struct cli_command init_command;
extern const struct cli_command migrate_command;
extern const struct cli_command tenant_add_command;
extern const struct cli_command tenant_list_command;
extern const struct cli_command tenant_suspend_command;
extern const struct cli_command tenant_activate_command;
extern const struct cli_command tenant_delete_command;
extern const struct cli_command tenant_domain_add_command;
extern const struct cli_command tenant_domain_remove_command;
extern const struct cli_command user_add_command;
extern const struct cli_command token_add_command;
extern const struct cli_command token_list_command;
extern const struct cli_command token_revoke_command;
extern const struct cli_command audit_verify_command;
extern const struct cli_command audit_trim_command;
extern const struct cli_command demo_command;
extern const struct cli_command backup_command;
extern const struct cli_command check_config_command;
extern const struct cli_command routes_command;
extern const struct cli_command openapi_command;
extern const struct cli_command version_command;

#endif
