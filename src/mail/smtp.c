/* The SMTP transport, on libcurl.
 *
 * smtps:// is TLS from the start. With smtp:// and a user, STARTTLS is demanded and the server's certificate
 * checked before the password is sent; without a user nothing secret goes to the server itself, and STARTTLS
 * is used where it is offered. SSL_CERT_FILE names the authorities to trust, as for other programs on
 * OpenSSL.
 *
 * libcurl says that a transfer failed, but not whose fault it was. So the commands and replies are followed
 * (CURLOPT_DEBUGFUNCTION): a 5xx to this recipient or this message is a refusal for good; any other refusal
 * is one for now; and when there was no reply, nobody is there. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mail/transport.h"

#define CONNECT_MS   10000L
#define SEND_MS      30000L
#define DEFAULT_CA   "/etc/ssl/certs/ca-certificates.crt"
#define URL_MAX      2048
#define REPLY_CAP    160
#define ADDRESS_CAP  272
#define PERMANENT    500
#define AUTH_MISSING 530 /* RFC 4954: says something about us, not about the mail */

/* How far a conversation got. */
enum stage { STAGE_GREETING = 0, STAGE_SENDER, STAGE_RECIPIENT, STAGE_MESSAGE, STAGE_OVER };

static const struct {
    const char *command;
    enum stage stage;
} stages[] = {
    { "MAIL ", STAGE_SENDER },
    { "RCPT ", STAGE_RECIPIENT },
    { "DATA", STAGE_MESSAGE },
    { "QUIT", STAGE_OVER },
};

struct mail_post {
    const struct config *config;
    const atomic_bool *stopping;
    CURL *curl;
    char url[URL_MAX];
    char error[CURL_ERROR_SIZE];

    /* Of the conversation at hand. */
    enum stage stage;
    int code;              /* of the latest reply */
    char reply[REPLY_CAP]; /* its last line */
    struct str left;       /* of the message */
};

/* ---- libcurl's callbacks ---- */

static void note_command(struct mail_post *post, struct str line)
{
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        if (!str_starts_with(line, str_of(stages[i].command)))
            continue;
        post->stage = stages[i].stage;
        if (post->stage != STAGE_OVER)
            post->code = 0;
    }
}

static void note_reply(struct mail_post *post, struct str line)
{
    int64_t code;
    if (!str_to_int(str_sub(line, 0, 3), &code) || post->stage == STAGE_OVER)
        return;
    while (line.len > 0 && (line.at[line.len - 1] == '\r' || line.at[line.len - 1] == '\n'))
        line.len--;
    post->code = (int)code;
    snprintf(post->reply, sizeof post->reply, "%.*s", STR_ARG(line));
}

/* Commands bear the password too; nothing of them is kept. */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size, void *context)
{
    (void)curl;
    if (type == CURLINFO_HEADER_OUT)
        note_command(context, str_from(data, size));
    else if (type == CURLINFO_HEADER_IN)
        note_reply(context, str_from(data, size));
    return 0;
}

static size_t on_read(char *to, size_t size, size_t n, void *context)
{
    struct mail_post *post = context;
    struct str part = str_sub(post->left, 0, size * n);
    if (part.len > 0)
        memcpy(to, part.at, part.len);
    post->left = str_sub(post->left, part.len, post->left.len);
    return part.len;
}

static size_t on_write(char *data, size_t size, size_t n, void *context)
{
    (void)data;
    (void)context;
    return size * n; /* replies: on_debug() has them */
}

/* Once the message is on its way its end is waited for, so that it is known. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct mail_post *post = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(post->stopping) && post->stage < STAGE_MESSAGE;
}

/* ---- one mail ---- */

static void set_options(struct mail_post *post)
{
    CURL *curl = post->curl;
    const struct config *config = post->config;
    bool has_user = !str_is_empty(config->mail.smtp_user);
    const char *authorities = secure_getenv("SSL_CERT_FILE");
    curl_easy_setopt(curl, CURLOPT_URL, post->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, SEND_MS);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(has_user ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_CAINFO, authorities ? authorities : DEFAULT_CA);
    if (has_user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, config->mail.smtp_user.at);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, config->mail.smtp_password.at);
    } else if (str_starts_with(config->mail.smtp_url, STR("smtp:"))) {
        /* It would have gone without TLS as well: better an unknown server than open text. */
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, post);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, post);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, post);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, post->error);
}

/* The handle keeps its connection from mail to mail, until the post rests. */
static bool ready(struct mail_post *post)
{
    if (post->curl)
        return true;
    post->curl = curl_easy_init();
    if (post->curl)
        set_options(post);
    return post->curl != NULL;
}

static CURLcode converse(struct mail_post *post, const struct mail_parcel *parcel)
{
    char from[ADDRESS_CAP], to[ADDRESS_CAP];
    snprintf(from, sizeof from, "<%.*s>", STR_ARG(parcel->from));
    snprintf(to, sizeof to, "<%.*s>", STR_ARG(parcel->to));
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    if (!recipients)
        return CURLE_OUT_OF_MEMORY;
    post->stage = STAGE_GREETING;
    post->code = 0;
    post->reply[0] = post->error[0] = '\0';
    post->left = parcel->message;
    curl_easy_setopt(post->curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(post->curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(post->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)parcel->message.len);
    CURLcode code = curl_easy_perform(post->curl);
    curl_easy_setopt(post->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    return code;
}

static void judge(const struct mail_post *post, CURLcode code, struct mail_result *ret)
{
    bool about_this_mail = post->stage >= STAGE_RECIPIENT && post->code != AUTH_MISSING;
    if (code == CURLE_OK)
        mail_result_set(ret, MAIL_SENT, "%s", "");
    else if (post->code >= PERMANENT && about_this_mail)
        mail_result_set(ret, MAIL_REFUSED, "refused: %s", post->reply);
    else if (post->code >= 400 && post->stage >= STAGE_SENDER)
        mail_result_set(ret, MAIL_LATER, "not now: %s", post->reply);
    else if (post->code >= 400)
        mail_result_set(ret, MAIL_AWAY, "the server does not let us in: %s", post->reply);
    else
        mail_result_set(ret, MAIL_AWAY, "%s", post->error[0] ? post->error : curl_easy_strerror(code));
}

static void smtp_send(struct mail_post *post, const struct mail_parcel *parcel, struct mail_result *ret)
{
    if (ready(post))
        judge(post, converse(post, parcel), ret);
    else
        mail_result_set(ret, MAIL_AWAY, "no memory");
}

/* ---- life ---- */

static void smtp_rest(struct mail_post *post)
{
    curl_easy_cleanup(post->curl);
    post->curl = NULL;
}

static void smtp_close(struct mail_post **post)
{
    smtp_rest(*post);
    free(*post);
    *post = NULL;
    curl_global_cleanup();
}

/* libcurl takes the name for EHLO from the URL's path. */
static struct mail_post *smtp_open(const struct config *config, const atomic_bool *stopping, char *error,
                                   size_t cap)
{
    struct mail_post *post = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        post = calloc(1, sizeof *post);
    if (!post) {
        snprintf(error, cap, "libcurl cannot be used");
        return NULL;
    }
    post->config = config;
    post->stopping = stopping;
    snprintf(post->url, sizeof post->url, "%.*s/%.*s", STR_ARG(config->mail.smtp_url),
             STR_ARG(config->tenancy.root_domain));
    return post;
}

const struct mail_transport mail_smtp_transport = {
    .name = "smtp",
    .open = smtp_open,
    .send = smtp_send,
    .rest = smtp_rest,
    .close = smtp_close,
};
