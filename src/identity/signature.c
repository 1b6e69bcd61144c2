/* Through OpenSSL, which uses the processor's own instructions for SHA-256. Each thread keeps a context for the
 * key it used last. */
#include "identity/signature.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#define MAC_BYTES 32

struct signer {
    EVP_MAC_CTX *context;
    unsigned char key_mark[crypto_generichash_BYTES]; /* of the key the context has */
    bool has_key;
};

static pthread_key_t signer_key;

static void free_signer(void *arg)
{
    struct signer *signer = arg;
    EVP_MAC_CTX_free(signer->context);
    sodium_memzero(signer, sizeof(*signer));
    free(signer);
}

static void make_key(void)
{
    if (pthread_key_create(&signer_key, free_signer) != 0)
        abort();
}

static EVP_MAC_CTX *new_context(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    return context;
}

/* NULL: no memory. */
static struct signer *signer_of_thread(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    struct signer *signer = pthread_getspecific(signer_key);
    if (signer)
        return signer;
    signer = calloc(1, sizeof(*signer));
    if (!signer)
        return NULL;
    signer->context = new_context();
    if (!signer->context || pthread_setspecific(signer_key, signer) != 0) {
        free_signer(signer);
        return NULL;
    }
    return signer;
}

static bool start(struct signer *signer, struct str key)
{
    unsigned char mark[crypto_generichash_BYTES];
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                  OSSL_PARAM_construct_end() };
    crypto_generichash(mark, sizeof(mark), (const unsigned char *)key.at, key.len, NULL, 0);
    if (signer->has_key && sodium_memcmp(mark, signer->key_mark, sizeof(mark)) == 0)
        return EVP_MAC_init(signer->context, NULL, 0, NULL) == 1;
    memcpy(signer->key_mark, mark, sizeof(mark));
    signer->has_key = EVP_MAC_init(signer->context, (const unsigned char *)key.at, key.len, params) == 1;
    return signer->has_key;
}

bool signature_text(struct str key, struct str data, char ret[SIGNATURE_TEXT_LEN])
{
    unsigned char mac[MAC_BYTES];
    char text[SIGNATURE_TEXT_LEN + 1];
    size_t size = 0;
    struct signer *signer = signer_of_thread();
    if (!signer || !start(signer, key) ||
        EVP_MAC_update(signer->context, (const unsigned char *)data.at, data.len) != 1 ||
        EVP_MAC_final(signer->context, mac, &size, sizeof(mac)) != 1 || size != sizeof(mac))
        return false;
    sodium_bin2base64(text, sizeof(text), mac, sizeof(mac), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    memcpy(ret, text, SIGNATURE_TEXT_LEN);
    return true;
}
