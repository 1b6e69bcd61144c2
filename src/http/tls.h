/* TLS of the https listeners. */
#ifndef TETHER_HTTP_TLS_H
#define TETHER_HTTP_TLS_H

#include <openssl/ssl.h>

#include "config/config.h"

/* A context with the configuration's certificate: TLS 1.2 or newer, no renegotiation, ALPN by `http2`. NULL
 * with a sentence in error. */
SSL_CTX *tls_context_new(const struct config *config, bool http2, char *error, size_t cap);

#endif
