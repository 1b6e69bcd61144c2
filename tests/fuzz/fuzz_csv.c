/* CSV: in whatever portions it comes the same rows come out, clean and within the limits, and what is written
 * of them is read as the same again. The first byte of the input says how large the portions are. */
#include "base/text.h"
#include "csv/csv.h"
#include "fuzz.h"

static const struct csv_limits limits = { .fields = 16, .row_bytes = 4096 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

/* All fields of all rows, with their lines, as text. */
struct reading {
    struct buf text; /* of what was read */
    struct buf csv;  /* of the same, written */
    bool is_good;
};

static bool take(void *context, const struct csv_row *row)
{
    struct reading *reading = context;
    size_t bytes = 0;
    FUZZ_CHECK(row->line > 0 && row->n > 0 && row->n <= limits.fields);
    for (size_t i = 0; i < row->n; i++) {
        struct str field = row->fields[i];
        FUZZ_CHECK(text_is_clean(field));
        bytes += field.len;
        buf_printf(&reading->text, "%zu:", field.len);
        buf_add(&reading->text, field);
        csv_add_text(&reading->csv, field, i == 0);
    }
    FUZZ_CHECK(bytes <= limits.row_bytes);
    buf_add_char(&reading->text, '\n');
    csv_end_row(&reading->csv);
    return true;
}

static void read_all(struct arena *arena, struct str text, size_t portion, csv_row_fn fn,
                     struct reading *reading)
{
    buf_init(&reading->text, arena, (size_t)1 << 22);
    buf_init(&reading->csv, arena, (size_t)1 << 22);
    buf_add(&reading->csv, STR("\xEF\xBB\xBF")); /* the first field may begin with one of its own */
    struct csv_reader *reader = csv_reader_new(limits, fn, reading);
    bool goes_on = true;
    for (size_t at = 0; goes_on && at < text.len; at += portion)
        goes_on = csv_feed(reader, str_sub(text, at, portion));
    reading->is_good = goes_on && csv_end(reader);
    FUZZ_CHECK(reading->is_good == (csv_problem(reader)->line == 0));
    csv_reader_free(&reader);
}

/* Of rows that csv_add_text() wrote. */
static bool take_again(void *context, const struct csv_row *row)
{
    struct reading *reading = context;
    for (size_t i = 0; i < row->n; i++) {
        struct str field = csv_plain(row->fields[i]);
        FUZZ_CHECK(row->fields[i].len == 0 || !memchr("=+-@\t\r", row->fields[i].at[0], 6));
        buf_printf(&reading->text, "%zu:", field.len);
        buf_add(&reading->text, field);
    }
    buf_add_char(&reading->text, '\n');
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new((size_t)1 << 24);
    struct str text = { (const char *)data + 1, size - 1 };
    struct reading whole, parts, again;
    read_all(arena, text, text.len + 1, take, &whole);
    read_all(arena, text, 1 + data[0] % 8, take, &parts);
    FUZZ_CHECK(whole.is_good == parts.is_good);
    FUZZ_CHECK(!whole.is_good || str_equal(buf_str(&whole.text), buf_str(&parts.text)));
    if (whole.is_good && whole.csv.len < limits.row_bytes) {
        read_all(arena, buf_str(&whole.csv), 4096, take_again, &again);
        FUZZ_CHECK(again.is_good && str_equal(buf_str(&whole.text), buf_str(&again.text)));
    }
    arena_free(&arena);
    return 0;
}
