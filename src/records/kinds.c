#include "records/kinds.h"

struct record_kind *const record_kinds[] = {
    &record_category,
};

const size_t record_kind_count = sizeof record_kinds / sizeof record_kinds[0];
