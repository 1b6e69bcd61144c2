/* The route tables of the walk's tests. */
#ifndef TESTS_REQUEST_WALK_ROUTES_H
#define TESTS_REQUEST_WALK_ROUTES_H

#include "request/walk.h"

extern const struct route_table *const walk_test_tables[];
extern const size_t walk_test_table_count;

#endif
