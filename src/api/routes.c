/* Lists every table. */
#include "api/routes.h"

#include "api/tables.h"

const struct route_table *const api_route_tables[] = {
    &system_routes,
    &csp_report_routes,
    &openapi_routes,
    &panel_routes,
    &pages_routes,
    &assets_auth_routes,
    &assets_session_routes,
    &assets_branding_routes,
    &assets_invites_routes,
    &assets_tenants_routes,
    &assets_domains_routes,
    &assets_settings_routes,
    &assets_users_routes,
    &assets_mail_preview_routes,
    &assets_records_routes,
    &crm_auth_routes,
    &crm_register_routes,
    &crm_records_routes,
    &crm_department_members_routes,
    &v1_tenants_routes,
    &v1_auth_routes,
    &v1_sessions_routes,
    &v1_team_routes,
    &v1_invitations_routes,
    &v1_roles_routes,
    &v1_explain_routes,
    &v1_usage_routes,
    &v1_activity_routes,
    &v1_audit_routes,
    &spaces_api_keys_routes,
    &oauth_forward_routes,
    &oauth_tokens_routes,
    &spaces_displays_routes,
    &spaces_screens_routes,
    &spaces_public_offers_routes,
    &spaces_portal_routes,
    &spaces_checkins_routes,
    &spaces_payments_routes,
    &spaces_records_routes,
    &spaces_tickets_routes,
};

const size_t api_route_table_count = sizeof api_route_tables / sizeof api_route_tables[0];
