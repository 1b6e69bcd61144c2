/* Passwords: the acceptance table, argon2id, hashes from other systems, and what a refusal costs. */
#include <dlfcn.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/random.h"
#include "hash_count.h"
#include "identity/common_passwords.h"
#include "identity/password.h"

#define MIB (1024 * 1024)

/* Weak on purpose, so that the tests are quick. */
static struct config quick_config(void)
{
    struct config config = { 0 };
    config.passwords.memory = 64 * 1024;
    config.passwords.iterations = 1;
    return config;
}

static struct str repeated(struct arena *arena, const char *unit, size_t times)
{
    size_t n = strlen(unit);
    char *text = arena_alloc(arena, n * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, unit, n);
    return str_from(text, n * times);
}

static void test_password__acceptance_table(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    const struct {
        struct str password;
        enum password_verdict verdict;
    } cases[] = {
        { STR_NONE, PASSWORD_TOO_SHORT },
        { STR("k7#qZ!a"), PASSWORD_TOO_SHORT },
        { STR("k7#qZ!ab"), PASSWORD_OK },
        { STR("        "), PASSWORD_OK },
        { repeated(arena, "aZ", 512), PASSWORD_OK },
        { arena_printf(arena, "%sx", repeated(arena, "aZ", 512).at), PASSWORD_TOO_LONG },
        { repeated(arena, "\xc3\xa4", 4), PASSWORD_OK }, /* 8 bytes, 4 characters */
        { repeated(arena, "\xe2\x82\xac", 341), PASSWORD_OK },
        { repeated(arena, "\xe2\x82\xac", 342), PASSWORD_TOO_LONG },
        { STR("correct\0horse"), PASSWORD_NOT_TEXT },
        { STR("correct\xff horse"), PASSWORD_NOT_TEXT },
        { STR("correct\xc0\x80 horse"), PASSWORD_NOT_TEXT },
        { STR("correct\xed\xa0\x80 horse"), PASSWORD_NOT_TEXT },
        { STR("password"), PASSWORD_COMMON },
        { STR("PassWord"), PASSWORD_COMMON },
        { STR("12345678"), PASSWORD_COMMON },
        { STR("iloveyou1"), PASSWORD_COMMON },
        { STR("password "), PASSWORD_OK },
        { STR("correct horse battery staple"), PASSWORD_OK },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (password_check(cases[i].password) != cases[i].verdict)
            fail_msg("case %zu (%.*s): %d", i, STR_ARG(cases[i].password), password_check(cases[i].password));
    arena_free(&arena);
}

static void test_password__every_verdict_has_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(password_verdict_text(PASSWORD_OK), "");
    for (int verdict = PASSWORD_TOO_SHORT; verdict <= PASSWORD_NOT_TEXT; verdict++)
        assert_true(strlen(password_verdict_text((enum password_verdict)verdict)) > 10);
}

static void test_common_passwords__list_is_sorted_and_all_found(void **state)
{
    (void)state;
    struct str rest = str_from(common_passwords_text, common_passwords_size), line, before = STR_NONE;
    size_t n = 0;
    while (str_split(rest, '\n', &line, &rest)) {
        size_t shorter = line.len < before.len ? line.len : before.len;
        int order = n ? memcmp(before.at, line.at, shorter) : -1;
        assert_true(order < 0 || (order == 0 && before.len < line.len));
        assert_true(line.len >= PASSWORD_MIN_BYTES);
        assert_true(common_passwords_have(line));
        before = line;
        n++;
    }
    assert_true(str_is_empty(rest) && n >= 10000);
}

static void test_common_passwords__others_are_not_found(void **state)
{
    (void)state;
    static const char *const absent[] = {
        "",
        "\n",
        "\x01",
        "zzzzzzzzzzzzzzzzzzzzzzzzz",
        "passwor",
        "password\n",
        "password\npassword1",
        "~~~~~~~~",
        "passwore",
        "\xff\xff\xff\xff\xff\xff\xff\xff",
    };
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_false(common_passwords_have(str_of(absent[i])));
    assert_false(common_passwords_have(str_from("password\0", 9)));
}

static void test_password__hash_and_verify(void **state)
{
    (void)state;
    struct config config = quick_config();
    char hash[PASSWORD_HASH_CAP], again[PASSWORD_HASH_CAP];
    assert_true(password_hash(&config, STR("correct horse"), hash));
    assert_true(password_hash(&config, STR("correct horse"), again));
    assert_true(str_starts_with(str_of(hash), STR("$argon2id$v=19$m=64,t=1,p=1$")));
    assert_string_not_equal(hash, again);
    assert_int_equal(password_verify(&config, STR("correct horse"), hash), PASSWORD_MATCH);
    assert_int_equal(password_verify(&config, STR("correct horsf"), hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR("correct horse "), hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR("correct horse\0"), hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR("correct"), hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR_NONE, hash), PASSWORD_MISMATCH);
}

static void test_password__length_is_bounded_before_hashing(void **state)
{
    (void)state;
    struct config config = quick_config();
    struct arena *arena = arena_new(1 << 20);
    char hash[PASSWORD_HASH_CAP];
    struct str fits = repeated(arena, "aZ", 512), over = arena_printf(arena, "%sx", fits.at);
    assert_true(password_hash(&config, fits, hash));
    assert_int_equal(password_verify(&config, fits, hash), PASSWORD_MATCH);
    assert_int_equal(password_verify(&config, str_sub(fits, 0, 1023), hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, over, hash), PASSWORD_MISMATCH);
    assert_false(password_hash(&config, over, hash));
    arena_free(&arena);
}

static void test_password__rehash_when_parameters_rise_not_when_they_fall(void **state)
{
    (void)state;
    struct config config = quick_config();
    char hash[PASSWORD_HASH_CAP];
    config.passwords.iterations = 2;
    assert_true(password_hash(&config, STR("correct horse"), hash));
    static const struct {
        int64_t memory, iterations;
        enum password_match match;
    } cases[] = {
        { 64 * 1024, 2, PASSWORD_MATCH },        { 64 * 1024, 1, PASSWORD_MATCH },
        { 32 * 1024, 2, PASSWORD_MATCH },        { 65 * 1024, 2, PASSWORD_MATCH_REHASH },
        { 64 * 1024, 3, PASSWORD_MATCH_REHASH }, { 64 * 1024 + 100, 2, PASSWORD_MATCH },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        config.passwords.memory = cases[i].memory;
        config.passwords.iterations = cases[i].iterations;
        assert_int_equal(password_verify(&config, STR("correct horse"), hash), cases[i].match);
        assert_int_equal(password_verify(&config, STR("wrong horse"), hash), PASSWORD_MISMATCH);
    }
}

/* All of "correct horse" but the last ones, which are vectors from the formats' own publications. */
static const struct {
    const char *hash;
    const char *password;
} foreign[] = {
    { "$2a$05$15ltadcAboWitDMOEup3SO1giEbqsxKBB9P3gYKE/nnRpn34BMN2i", "correct horse" },
    { "$2b$05$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS", "correct horse" },
    { "$2y$05$3X6Dt9LQxJ3PxR2HzZVuN.3F0D.EhjmTq30GFD2ZIgl0iSLNX4lpe", "correct horse" },
    { "$y$j9T$2ibRK607LHG8Ez0qoEVWC0$c8gqaynm0xJ6M6BkgvcS2SOh23ByR7jZ.eQo01rt0zA", "correct horse" },
    { "$gy$j9T$VUaZuKclzsnjPJqgvz4Qx/$xZ0JHNcpIH1qfcGqUG/9XwootK91uo8tN8aNhyzwiL7", "correct horse" },
    { "$7$CU..../....Y9hMJJWtoa5oGZ74eL05o1$mHQL5pzawMRd4JrNfB/26YwKJOKdf0QVuRVSDnYilj3", "correct horse" },
    { "$6$7iXQEnCGL5Vr6FJg$ytRIk3vNm7d07Vx2x2UN37PyUOvySM82fK3kqOPXJJBWFkOaMOL6ouKF0a8MYRwqWo8f2UUmO/"
      "YzSiw8KD94Y0",
      "correct horse" },
    { "$5$rAn4DGCU.TK3tmMG$a84yYZp3TYOFtnU6wCrER/5sV40ColJD1LhCzJY9bV1", "correct horse" },
    { "$1$3YWWFXMj$IX0I2cOw0kzmKRjIgoUvV.", "correct horse" },
    { "$sha1$214343$gBz7z6jmIIEfMTQa.Dop$PV0Nd9qIipt15tn/Krij2Y9dY/rR", "correct horse" },
    { "$md5,rounds=65358$/mA8HK4C$$g/khLEPsLsFVhSwwlQfFy1", "correct horse" },
    { "$3$$cfc43211ba8dc470832267827cac1407", "correct horse" },
    { "_J9..2tzmlEl0X8L6Y/M", "correct horse" },
    { "ZuGgi6nEzC4og", "correct horse" },
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U" },
    { "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
      "YTBmSK6H9qs/y3RnOaw5v.",
      "Hello world!" },
    { "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
      "Hello world!" },
    { "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!" },
};
#define FOREIGN_COUNT (sizeof(foreign) / sizeof(foreign[0]))

static void test_password__foreign_hashes_match_and_ask_for_a_rehash(void **state)
{
    (void)state;
    struct config config = quick_config();
    for (size_t i = 0; i < FOREIGN_COUNT; i++) {
        enum password_match match = password_verify(&config, str_of(foreign[i].password), foreign[i].hash);
        if (match != PASSWORD_MATCH_REHASH)
            fail_msg("%s: %d", foreign[i].hash, match);
        match = password_verify(&config, STR("borrect horse"), foreign[i].hash);
        if (match != PASSWORD_MISMATCH)
            fail_msg("%s takes a wrong password: %d", foreign[i].hash, match);
    }
}

/* crypt(3) works on C strings; a password must not match by the part before a NUL. */
static void test_password__foreign_hashes_see_a_nul(void **state)
{
    (void)state;
    struct config config = quick_config();
    struct str tail = STR("correct horse\0tail");
    for (size_t i = 0; i < FOREIGN_COUNT; i++)
        assert_int_equal(password_verify(&config, tail, foreign[i].hash), PASSWORD_MISMATCH);
}

static void test_password__longer_than_crypt_takes_is_a_mismatch(void **state)
{
    (void)state;
    struct config config = quick_config();
    struct arena *arena = arena_new(1 << 20);
    struct str longest = repeated(arena, "x", 511), over = repeated(arena, "x", 512);
    assert_int_equal(password_verify(&config, longest, foreign[6].hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, over, foreign[6].hash), PASSWORD_MISMATCH);
    arena_free(&arena);
}

/* Made by the argon2 reference program: the other variant; more lanes than libsodium itself writes. */
static void test_password__argon2_of_other_systems(void **state)
{
    (void)state;
    struct config config = quick_config();
    static const char argon2i[] = "$argon2i$v=19$m=256,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                  "C/8wiFCRhT1UBrWC9cmbV8SNO9peHvT3Zh2n00Q0RAA";
    static const char lanes[] = "$argon2id$v=19$m=256,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$"
                                "gMjjMc6Qg/25kliM7YGZpROJ06Vcs72y+Ycp0dIcYvQ";
    assert_int_equal(password_verify(&config, STR("correct horse"), argon2i), PASSWORD_MATCH_REHASH);
    assert_int_equal(password_verify(&config, STR("wrong horse"), argon2i), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR("correct horse"), lanes), PASSWORD_MATCH);
    assert_int_equal(password_verify(&config, STR("wrong horse"), lanes), PASSWORD_MISMATCH);
}

/* Nothing here may be computed at its own cost, nor match anything. */
static const char *const unusable[] = {
    "",
    "*",
    "!",
    "x",
    "*0",
    "!!locked",
    "plain text password",
    "$",
    "$$",
    "$2b$",
    "$2b$31$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS",
    "$2b$17$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS",
    "$2b$99$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS",
    "$2x$05$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS",
    "$2b$05$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqB",
    "$2b$05$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS\n",
    "$6$rounds=999999999$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
    "YTBmSK6H9qs/y3RnOaw5v.",
    "$6$rounds=5000001$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
    "YTBmSK6H9qs/y3RnOaw5v.",
    "$6$rounds=99999999999999999999$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/"
    "UrjmM0Dp8vOuZeHBy/"
    "YTBmSK6H9qs/y3RnOaw5v.",
    "$5$rounds=4294967295$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8",
    "$sha1$4000000000$gBz7z6jmIIEfMTQa.Dop$PV0Nd9qIipt15tn/Krij2Y9dY/rR",
    "$md5,rounds=4000000000$/mA8HK4C$$g/khLEPsLsFVhSwwlQfFy1",
    "$y$jzT$2ibRK607LHG8Ez0qoEVWC0$c8gqaynm0xJ6M6BkgvcS2SOh23ByR7jZ.eQo01rt0zA",
    "$y$j9z$2ibRK607LHG8Ez0qoEVWC0$c8gqaynm0xJ6M6BkgvcS2SOh23ByR7jZ.eQo01rt0zA",
    "$y$k9T$2ibRK607LHG8Ez0qoEVWC0$c8gqaynm0xJ6M6BkgvcS2SOh23ByR7jZ.eQo01rt0zA",
    "$7$zU..../....Y9hMJJWtoa5oGZ74eL05o1$mHQL5pzawMRd4JrNfB/26YwKJOKdf0QVuRVSDnYilj3",
    "$7$CUzzzz/....Y9hMJJWtoa5oGZ74eL05o1$mHQL5pzawMRd4JrNfB/26YwKJOKdf0QVuRVSDnYilj3",
    "_zzzz2tzmlEl0X8L6Y/M",
    "$argon2id$",
    "$argon2id$v=19$m=64,t=1,p=1$",
    "$argon2id$v=19$m=64,t=1,p=1$AAAA$BBBB",
    "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$7rqUtEJMMCVHNWFbdUKsLlfSuUDFz2Jq3AY1SJKRfoE",
    "$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHRzb21lc2FsdA$7rqUtEJMMCVHNWFbdUKsLlfSuUDFz2Jq3AY1SJKRfoE",
    "$argon2id$v=19$m=64,t=101,p=1$c29tZXNhbHRzb21lc2FsdA$7rqUtEJMMCVHNWFbdUKsLlfSuUDFz2Jq3AY1SJKRfoE",
    "$argon2id$v=16$m=256,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$MjpzOgdWV7wMJ7bzY6FTRpfrBVq+XYZzajaWrFUaGBM",
    "$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$7rqUtEJMMCVHNWFbdUKsLlfSuUDFz2Jq3AY1SJKRfoE",
};
#define UNUSABLE_COUNT (sizeof(unusable) / sizeof(unusable[0]))

static void test_password__unusable_hashes_are_mismatches(void **state)
{
    (void)state;
    struct config config = quick_config();
    for (size_t i = 0; i < UNUSABLE_COUNT; i++) {
        long before = hashes_computed();
        enum password_match match = password_verify(&config, STR("correct horse"), unusable[i]);
        if (match != PASSWORD_MISMATCH)
            fail_msg("\"%s\": %d", unusable[i], match);
        if (hashes_computed() - before != 1)
            fail_msg("\"%s\": %ld hashes computed, not 1", unusable[i], hashes_computed() - before);
    }
}

/* Of a known form, with parameters that libxcrypt itself refuses: it answers "*0", which is no hash. */
static void test_password__what_crypt_refuses_is_a_mismatch(void **state)
{
    (void)state;
    struct config config = quick_config();
    static const char *const refused[] = {
        "$y$j..$2ibRK607LHG8Ez0qoEVWC0$c8gqaynm0xJ6M6BkgvcS2SOh23ByR7jZ.eQo01rt0zA",
        "$2b$03$2Ti4.TfA63ETY7UNRfxZYOFwiM5ST1wNZPj9bc/hT2w/j0GetQqBS",
        "$7$..../..../....Y9hMJJWtoa5oGZ74eL05o1$mHQL5pzawMRd4JrNfB/26YwKJOKdf0QVuRVSDnYilj3",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(password_verify(&config, STR("correct horse"), refused[i]), PASSWORD_MISMATCH);
        assert_int_equal(password_verify(&config, STR("*0"), refused[i]), PASSWORD_MISMATCH);
    }
}

/* Stands before libc's. */
static long compilations;

int regcomp(regex_t *pattern, const char *text, int flags)
{
    static int (*next)(regex_t *, const char *, int);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "regcomp");
    compilations++;
    return next(pattern, text, flags);
}

/* An unknown address (no hash) and a wrong password do the same beside hashing: nothing. The first test,
 * since it is about what a process does once. */
static void test_password__patterns_are_compiled_once_and_only_for_a_hash(void **state)
{
    (void)state;
    struct config config = quick_config();
    char hash[PASSWORD_HASH_CAP];
    assert_true(password_hash(&config, STR("correct horse"), hash));
    assert_int_equal(password_verify(&config, STR("wrong horse"), hash), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR("wrong horse"), ""), PASSWORD_MISMATCH);
    assert_int_equal(compilations, 0);
    assert_int_equal(password_verify(&config, STR("wrong horse"), "!"), PASSWORD_MISMATCH);
    long once = compilations;
    assert_true(once > 0);
    assert_int_equal(password_verify(&config, STR("wrong horse"), "!"), PASSWORD_MISMATCH);
    assert_int_equal(password_verify(&config, STR("wrong horse"), foreign[0].hash), PASSWORD_MISMATCH);
    assert_int_equal(compilations, once);
}

static void test_password__a_refusal_costs_one_hash_whoever_it_is(void **state)
{
    (void)state;
    struct config config = quick_config();
    struct arena *arena = arena_new(1 << 20);
    char hash[PASSWORD_HASH_CAP];
    assert_true(password_hash(&config, STR("correct horse"), hash));
    struct str over = repeated(arena, "x", 1025);
    const struct {
        struct str password;
        const char *stored;
        long hashes;
    } cases[] = {
        { STR("correct horse"), hash, 1 },
        { STR("wrong horse"), hash, 1 },
        { STR("wrong horse"), "", 1 },
        { STR("wrong horse"), "!", 1 },
        { STR_NONE, "", 1 },
        { over, hash, 1 },
        { over, "", 1 },
        { over, foreign[0].hash, 1 },
        { STR("wrong horse"), foreign[0].hash, 2 }, /* its own, and one of ours */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        long before = hashes_computed();
        password_verify(&config, cases[i].password, cases[i].stored);
        if (hashes_computed() - before != cases[i].hashes)
            fail_msg("case %zu: %ld hashes", i, hashes_computed() - before);
    }
    arena_free(&arena);
}

static void test_password__too_long_a_hash_is_unusable(void **state)
{
    (void)state;
    struct config config = quick_config();
    struct arena *arena = arena_new(1 << 20);
    struct str text = repeated(arena, "a", 100000);
    assert_int_equal(password_verify(&config, STR("correct horse"), text.at), PASSWORD_MISMATCH);
    arena_free(&arena);
}

/* More than any machine has: neither a match nor a mismatch may come of it. */
static void test_password__no_memory_is_neither_right_nor_wrong(void **state)
{
    (void)state;
    struct config config = quick_config();
    char hash[PASSWORD_HASH_CAP], untouched[PASSWORD_HASH_CAP];
    assert_true(password_hash(&config, STR("correct horse"), hash));
    config.passwords.memory = INT64_C(1) << 45;
    assert_false(password_hash(&config, STR("correct horse"), untouched));
    assert_int_equal(password_verify(&config, STR("correct horse"), ""), PASSWORD_MATCH_FAILED);
    assert_int_equal(password_verify(&config, STR("correct horse"), hash), PASSWORD_MATCH_REHASH);
    assert_int_equal(password_verify(&config, STR("wrong horse"), hash), PASSWORD_MATCH_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password__patterns_are_compiled_once_and_only_for_a_hash),
        cmocka_unit_test(test_password__acceptance_table),
        cmocka_unit_test(test_password__every_verdict_has_a_sentence),
        cmocka_unit_test(test_common_passwords__list_is_sorted_and_all_found),
        cmocka_unit_test(test_common_passwords__others_are_not_found),
        cmocka_unit_test(test_password__hash_and_verify),
        cmocka_unit_test(test_password__length_is_bounded_before_hashing),
        cmocka_unit_test(test_password__rehash_when_parameters_rise_not_when_they_fall),
        cmocka_unit_test(test_password__foreign_hashes_match_and_ask_for_a_rehash),
        cmocka_unit_test(test_password__foreign_hashes_see_a_nul),
        cmocka_unit_test(test_password__longer_than_crypt_takes_is_a_mismatch),
        cmocka_unit_test(test_password__argon2_of_other_systems),
        cmocka_unit_test(test_password__unusable_hashes_are_mismatches),
        cmocka_unit_test(test_password__what_crypt_refuses_is_a_mismatch),
        cmocka_unit_test(test_password__a_refusal_costs_one_hash_whoever_it_is),
        cmocka_unit_test(test_password__too_long_a_hash_is_unusable),
        cmocka_unit_test(test_password__no_memory_is_neither_right_nor_wrong),
    };
    random_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
