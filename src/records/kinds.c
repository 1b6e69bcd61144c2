#include "records/kinds.h"

struct record_kind *const record_kinds[] = {
    &record_asset,      &record_asset_event, &record_category,     &record_employee, &record_location,
    &record_space,      &record_booking,     &record_event,        &record_day_pass, &record_community_member,
    &record_department, &record_contact,     &record_conversation, &record_message,
};

const size_t record_kind_count = sizeof record_kinds / sizeof record_kinds[0];
