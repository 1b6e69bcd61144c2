/* Time from clock_gettime() alone: the transport puts a gettimeofday() of its own into the executable, which
 * must not reach us. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static _Atomic int64_t test_shift;

static int64_t read_clock_us(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) != 0)
        abort();
    return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    return read_clock_us(CLOCK_REALTIME) + atomic_load_explicit(&test_shift, memory_order_relaxed);
}

int64_t clock_monotonic_us(void)
{
    return read_clock_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

void clock_shift_for_tests(int64_t offset)
{
    atomic_store_explicit(&test_shift, offset, memory_order_relaxed);
}

/* Rounds towards the past, so that the microseconds are never negative. */
static time_t split_time(int64_t epoch_us, int *ret_micros)
{
    int64_t micros = epoch_us % CLOCK_SECOND;
    time_t seconds = (time_t)(epoch_us / CLOCK_SECOND);
    if (micros < 0) {
        micros += CLOCK_SECOND;
        seconds--;
    }
    *ret_micros = (int)micros;
    return seconds;
}

struct str clock_in_words(struct arena *arena, int64_t epoch_us)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    int micros;
    time_t second = split_time(epoch_us, &micros);
    struct tm tm;
    if (gmtime_r(&second, &tm) == NULL)
        abort();
    return arena_printf(arena, "%d %s %d, %02d:%02d UTC", tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
                        tm.tm_hour, tm.tm_min);
}

struct date {
    int64_t year;
    int month, day; /* from 1 */
};

/* Of a day since 1970-01-01. Years are counted from March here, so that a leap day comes last, and in spans
 * of 400, which all have as many days. */
static struct date date_of(int64_t days)
{
    const int64_t span_days = 146097, march_year_zero = 719468;
    int64_t day = days + march_year_zero;
    int64_t span = (day >= 0 ? day : day - span_days + 1) / span_days;
    int64_t in_span = day - span * span_days;
    int64_t year = (in_span - in_span / 1460 + in_span / 36524 - in_span / 146096) / 365;
    int in_year = (int)(in_span - (365 * year + year / 4 - year / 100));
    int month = (5 * in_year + 2) / 153;
    return (struct date){ .year = year + span * 400 + (month >= 10),
                          .month = month < 10 ? month + 3 : month - 9,
                          .day = in_year - (153 * month + 2) / 5 + 1 };
}

/* Two digits. */
static char *put_two(char *to, unsigned value)
{
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
    return to + 2;
}

/* Without snprintf() and gmtime_r(): a page of records has a hundred times. */
static size_t format_second(char ret[CLOCK_ISO8601_CAP], time_t second)
{
    const int64_t day_seconds = 86400;
    int64_t days = (second >= 0 ? second : second - day_seconds + 1) / day_seconds;
    int64_t rest = second - days * day_seconds;
    struct date date = date_of(days);
    if (date.year < 0 || date.year > 9999)
        return (size_t)snprintf(ret, CLOCK_ISO8601_CAP, "%04lld-%02d-%02dT%02d:%02d:%02d",
                                (long long)date.year, date.month, date.day, (int)(rest / 3600),
                                (int)(rest / 60 % 60), (int)(rest % 60));
    unsigned year = (unsigned)date.year, of_day = (unsigned)rest;
    char *at = put_two(put_two(ret, year / 100), year % 100);
    *at++ = '-';
    at = put_two(at, (unsigned)date.month);
    *at++ = '-';
    at = put_two(at, (unsigned)date.day);
    *at++ = 'T';
    at = put_two(at, of_day / 3600);
    *at++ = ':';
    at = put_two(at, of_day / 60 % 60);
    *at++ = ':';
    at = put_two(at, of_day % 60);
    return (size_t)(at - ret);
}

/* Many log lines fall into one second: its text is kept. */
static size_t put_second(char ret[CLOCK_ISO8601_CAP], time_t second)
{
    static _Thread_local struct {
        time_t second;
        size_t len; /* 0: nothing is kept */
        char text[CLOCK_ISO8601_CAP];
    } kept;
    if (kept.len == 0 || kept.second != second) {
        kept.len = format_second(kept.text, second);
        kept.second = second;
    }
    memcpy(ret, kept.text, kept.len);
    return kept.len;
}

size_t clock_format_iso8601(char ret[CLOCK_ISO8601_CAP], int64_t epoch_us, bool with_micros)
{
    int micros;
    size_t len = put_second(ret, split_time(epoch_us, &micros));
    if (with_micros || micros != 0) {
        ret[len] = '.';
        for (size_t digit = 6; digit > 0; digit--, micros /= 10)
            ret[len + digit] = (char)('0' + micros % 10);
        len += 7;
    }
    ret[len++] = 'Z';
    ret[len] = '\0';
    return len;
}

struct str clock_iso8601(struct arena *arena, int64_t epoch_us)
{
    char text[CLOCK_ISO8601_CAP];
    size_t len = clock_format_iso8601(text, epoch_us, false);
    return arena_copy(arena, str_from(text, len));
}

/* Cuts `count` digits off the front of *text. */
static bool take_digits(struct str *text, size_t count, int *ret)
{
    if (text->len < count)
        return false;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        char c = text->at[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *text = str_sub(*text, count, text->len);
    *ret = value;
    return true;
}

static bool take_char(struct str *text, char c)
{
    if (text->len == 0 || text->at[0] != c)
        return false;
    *text = str_sub(*text, 1, text->len);
    return true;
}

/* ".1" to ".123456"; *text is left alone when there is no dot. */
static bool take_fraction(struct str *text, int *ret_micros)
{
    *ret_micros = 0;
    if (!take_char(text, '.'))
        return true;
    int scale = 100000, digit;
    size_t count = 0;
    while (count < 6 && take_digits(text, 1, &digit)) {
        *ret_micros += digit * scale;
        scale /= 10;
        count++;
    }
    return count > 0;
}

/* "Z", "+02:00" or "-09:30"; nothing may follow. */
static bool take_zone(struct str *text, int *ret_seconds)
{
    *ret_seconds = 0;
    if (take_char(text, 'Z'))
        return text->len == 0;
    int sign = take_char(text, '+') ? 1 : -1, hours, minutes;
    if (sign < 0 && !take_char(text, '-'))
        return false;
    if (!take_digits(text, 2, &hours) || !take_char(text, ':') || !take_digits(text, 2, &minutes))
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60 && text->len == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool take_date_time(struct str *text, struct tm *ret)
{
    int year, month;
    if (!take_digits(text, 4, &year) || !take_char(text, '-') || !take_digits(text, 2, &month) ||
        !take_char(text, '-') || !take_digits(text, 2, &ret->tm_mday) || !take_char(text, 'T'))
        return false;
    if (!take_digits(text, 2, &ret->tm_hour) || !take_char(text, ':') ||
        !take_digits(text, 2, &ret->tm_min) || !take_char(text, ':') || !take_digits(text, 2, &ret->tm_sec))
        return false;
    if (month < 1 || month > 12 || ret->tm_mday < 1 || ret->tm_mday > days_in_month(year, month))
        return false;
    ret->tm_year = year - 1900;
    ret->tm_mon = month - 1;
    return ret->tm_hour < 24 && ret->tm_min < 60 && ret->tm_sec < 60;
}

bool clock_parse_iso8601(struct str text, int64_t *ret)
{
    struct tm tm = { 0 };
    int micros, zone;
    if (!take_date_time(&text, &tm) || !take_fraction(&text, &micros) || !take_zone(&text, &zone))
        return false;
    *ret = ((int64_t)timegm(&tm) - zone) * CLOCK_SECOND + micros;
    return true;
}
