/* TLS contexts: forward secrecy and AEAD only, one certificate. */
#include "http/tls.h"

#include "http/libh2o.h"
#include <openssl/err.h>

static const h2o_iovec_t alpn_http2[] = { { (char *)"h2", 2 }, { (char *)"http/1.1", 8 }, { NULL, 0 } };
static const h2o_iovec_t *const alpn_http1 = alpn_http2 + 1;

static SSL_CTX *refuse(SSL_CTX *context, const char *what, struct str file, char *error, size_t cap)
{
    char reason[160] = "unknown reason";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    snprintf(error, cap, "server.tls: %s %.*s: %s", what, STR_ARG(file), reason);
    SSL_CTX_free(context);
    return NULL;
}

static bool path_of(struct str file, char ret[4096])
{
    if (file.len == 0 || file.len >= 4096)
        return false;
    memcpy(ret, file.at, file.len);
    ret[file.len] = '\0';
    return true;
}

static void harden(SSL_CTX *context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
}

SSL_CTX *tls_context_new(const struct config *config, bool http2, char *error, size_t cap)
{
    struct str certificate = config->server.tls_certificate, key = config->server.tls_private_key;
    char path[4096];
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return refuse(context, "no TLS", STR_NONE, error, cap);
    harden(context);
    if (!path_of(certificate, path) || SSL_CTX_use_certificate_chain_file(context, path) != 1)
        return refuse(context, "cannot use the certificate", certificate, error, cap);
    if (!path_of(key, path) || SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) != 1)
        return refuse(context, "cannot use the private key", key, error, cap);
    if (SSL_CTX_check_private_key(context) != 1)
        return refuse(context, "the private key does not belong to the certificate", key, error, cap);
    h2o_ssl_register_alpn_protocols(context, http2 ? alpn_http2 : alpn_http1);
    return context;
}
