/* The configuration: what is refused has a message that names the file, and no input brings memory or time
 * out of bounds; what is accepted obeys the rules that everybody else relies on. */
#include <stdlib.h>

#include "base/text.h"
#include "config/config.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return setenv("SECRET_KEY", "0123456789abcdef0123456789abcdef", 1);
}

static void check_config(const struct config *config)
{
    FUZZ_CHECK(config->tokens.secret_key.len >= 32);
    FUZZ_CHECK(config->server.listen.n > 0);
    FUZZ_CHECK(config->server.loops >= 1 && config->server.workers >= 1 && config->server.hash_workers >= 1);
    FUZZ_CHECK(config->server.queue >= 1 && config->server.max_body >= 1024);
    FUZZ_CHECK(config->storage.postgres_connections > config->server.workers + config->server.hash_workers);
    FUZZ_CHECK(text_is_host(config->tenancy.root_domain));
    for (size_t i = 0; i < config->tenancy.domain_count; i++)
        FUZZ_CHECK(text_is_host(config->tenancy.domains[i].host) &&
                   text_is_slug(config->tenancy.domains[i].slug));
    for (size_t i = 0; i < config->plan_count; i++)
        FUZZ_CHECK(config->plans[i].assets >= -1 &&
                   config_plan(config, config->plans[i].name) == &config->plans[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_error error;
    const char *key = NULL;
    struct config *config =
        config_parse("/nonexistent/fuzz.yaml", str_from((const char *)data, size), &error);
    if (config == NULL) {
        FUZZ_CHECK(str_starts_with(str_of(error.text), STR("/nonexistent/fuzz.yaml:")));
        FUZZ_CHECK(strlen(error.text) < sizeof(error.text) && text_is_line(str_of(error.text)));
        return 0;
    }
    check_config(config);
    FUZZ_CHECK(config_can_reload(config, config, &key));
    config_free(&config);
    return 0;
}
