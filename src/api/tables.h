/* The surfaces and the route tables of this room, for routes.c. Private to api/: a new handler file adds its
 * table here and there. */
#ifndef TETHER_API_TABLES_H
#define TETHER_API_TABLES_H

#include "request/route.h"
#include "request/surface.h"

extern const struct surface system_surface;
extern const struct surface assets_surface;
extern const struct surface crm_surface;
extern const struct surface v1_surface;
extern const struct surface spaces_surface;
extern const struct surface oauth_surface;

extern const struct route_table system_routes;
extern const struct route_table csp_report_routes;
extern const struct route_table docs_routes;
extern const struct route_table openapi_routes;
extern const struct route_table pages_routes;
extern const struct route_table panel_routes;
extern const struct route_table assets_auth_routes;
extern const struct route_table assets_branding_routes;
extern const struct route_table assets_demo_stats_routes;
extern const struct route_table assets_domains_routes;
extern const struct route_table assets_imports_routes;
extern const struct route_table assets_invites_routes;
extern const struct route_table assets_label_routes;
extern const struct route_table assets_mail_preview_routes;
extern const struct route_table assets_custody_routes;
extern const struct route_table assets_plans_routes;
extern const struct route_table assets_records_routes;
extern const struct route_table assets_reports_routes;
extern const struct route_table assets_session_routes;
extern const struct route_table assets_settings_routes;
extern const struct route_table assets_tenants_routes;
extern const struct route_table assets_users_routes;
extern const struct route_table crm_auth_routes;
extern const struct route_table crm_register_routes;
extern const struct route_table crm_records_routes;
extern const struct route_table crm_department_members_routes;
extern const struct route_table oauth_forward_routes;
extern const struct route_table oauth_tokens_routes;
extern const struct route_table spaces_api_keys_routes;
extern const struct route_table spaces_displays_routes;
extern const struct route_table spaces_screens_routes;
extern const struct route_table v1_activity_routes;
extern const struct route_table spaces_checkins_routes;
extern const struct route_table spaces_payments_routes;
extern const struct route_table spaces_portal_routes;
extern const struct route_table spaces_public_offers_routes;
extern const struct route_table spaces_records_routes;
extern const struct route_table spaces_tickets_routes;
extern const struct route_table v1_audit_routes;
extern const struct route_table v1_auth_routes;
extern const struct route_table v1_explain_routes;
extern const struct route_table v1_invitations_routes;
extern const struct route_table v1_roles_routes;
extern const struct route_table v1_sessions_routes;
extern const struct route_table v1_team_routes;
extern const struct route_table v1_tenants_routes;
extern const struct route_table v1_usage_routes;

#endif
