/* What every test program here includes: cmocka needs its own headers first. */
#ifndef TETHER_TESTS_UNIT_H
#define TETHER_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Slices compared as text, with both shown when they differ. */
#define assert_str(actual, expected)                                                                         \
    do {                                                                                                     \
        struct str actual_ = (actual), expected_ = (expected);                                               \
        if (!str_equal(actual_, expected_))                                                                  \
            fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(actual_), STR_ARG(expected_));                      \
    } while (0)

/* For tables of cases: says which one it was. */
#define assert_case(condition, text)                                                                         \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            fail_msg("%s: case \"%.*s\"", #condition, STR_ARG(text));                                        \
    } while (0)

#endif
