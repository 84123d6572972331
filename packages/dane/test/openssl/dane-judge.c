/*
 * Judges certificate chains against TLSA records by OpenSSL's verifier, set up as Postfix sets it up, without a handshake.
 *
 *     dane-judge [REPEAT] <cases        one line a case; with REPEAT each case is judged so often, and its mean time is told
 *
 * A case is a frame of big-endian numbers: u32 octets that follow; then
 *   u8 flags (1: no name checks for DANE-EE, 2: usages 0 and 1 are unusable, as for SMTP), u64 epoch seconds, u8 security level,
 *   u16 depth, and four lists, each a u16 count and its items:
 *   names (u16 length, octets); records (u8 usage, u8 selector, u8 matching, u32 length, octets);
 *   chain and CA certificates (u32 length, octets).
 *
 * A line is: `unusable`; `unparsed` (a certificate of the chain is none); `crashed` (the verifier itself); or
 *   CODE DEPTH RECORD [NANOSECONDS]
 * the X509_V_* code, the depth of what matched a record and the index of that record, both -1 if nothing did.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct octets {
    const unsigned char *at;
    size_t length;
};
struct record {
    unsigned char usage, selector, matching;
    struct octets data;
};

static const unsigned char *cursor;

static void die(const char *what)
{
    fprintf(stderr, "dane-judge: %s\n", what);
    exit(2);
}

static uint64_t number(int octets)
{
    uint64_t value = 0;
    while (octets-- > 0)
        value = value << 8 | *cursor++;
    return value;
}

static struct octets octets(size_t length)
{
    struct octets taken = {cursor, length};
    cursor += length;
    return taken;
}

#define MANY 1024
struct judged {
    int flags, level, depth, names_count, records_count, chain_count, ca_count;
    time_t at;
    struct octets names[MANY], chain[MANY], ca[MANY];
    struct record records[MANY];
};

static void read_case(struct judged *one)
{
    one->flags = (int) number(1);
    one->at = (time_t) number(8);
    one->level = (int) number(1);
    one->depth = (int) number(2);
    one->names_count = (int) number(2);
    for (int i = 0; i < one->names_count; i++)
        one->names[i] = octets(number(2));
    one->records_count = (int) number(2);
    for (int i = 0; i < one->records_count; i++) {
        one->records[i].usage = (unsigned char) number(1);
        one->records[i].selector = (unsigned char) number(1);
        one->records[i].matching = (unsigned char) number(1);
        one->records[i].data = octets(number(4));
    }
    one->chain_count = (int) number(2);
    for (int i = 0; i < one->chain_count; i++)
        one->chain[i] = octets(number(4));
    one->ca_count = (int) number(2);
    for (int i = 0; i < one->ca_count; i++)
        one->ca[i] = octets(number(4));
}

static X509 *certificate(struct octets der)
{
    const unsigned char *at = der.at;
    X509 *parsed = d2i_X509(NULL, &at, (long) der.length);
    if (parsed && at != der.at + der.length) {
        X509_free(parsed);
        return NULL;
    }
    return parsed;
}

static int index_of_match(SSL *ssl, const struct judged *one)
{
    uint8_t usage, selector, matching;
    const unsigned char *data;
    size_t length;
    if (SSL_get0_dane_tlsa(ssl, &usage, &selector, &matching, &data, &length) < 0)
        return -1;
    for (int i = 0; i < one->records_count; i++) {
        const struct record *record = &one->records[i];
        if (record->usage == usage && record->selector == selector && record->matching == matching &&
            record->data.length == length && memcmp(record->data.at, data, length) == 0)
            return i;
    }
    return -1;
}

/* Returns 0 if there is nothing usable, -1 if a certificate cannot be parsed, else 1 and the verdict. */
static int judge(SSL_CTX *tls, const struct judged *one, int *code, int *depth, int *record)
{
    int result = -1, usable = 0;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *verifier = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    SSL *ssl = SSL_new(tls);

    *code = X509_V_ERR_UNSPECIFIED;
    *depth = *record = -1;
    if (SSL_dane_enable(ssl, NULL) <= 0)
        die("SSL_dane_enable");
    if (one->flags & 1)
        SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    for (int i = 0; i < one->records_count; i++) {
        const struct record *r = &one->records[i];
        if ((one->flags & 2) && r->usage < 2)
            continue;
        if (SSL_dane_tlsa_add(ssl, r->usage, r->selector, r->matching, r->data.at, r->data.length) > 0)
            usable++;
    }
    if (usable == 0) {
        result = 0;
        goto done;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (int i = 0; i < one->names_count; i++) {
        char name[1024];
        snprintf(name, sizeof name, "%.*s", (int) one->names[i].length, one->names[i].at);
        if (!SSL_add1_host(ssl, name))
            die("SSL_add1_host");
    }
    for (int i = 0; i < one->ca_count; i++) {
        X509 *ca = certificate(one->ca[i]);
        if (ca)
            X509_STORE_add_cert(store, ca);
        X509_free(ca);
    }
    for (int i = 0; i < one->chain_count; i++) {
        X509 *parsed = certificate(one->chain[i]);
        if (!parsed)
            goto done;
        sk_X509_push(chain, parsed);
    }
    result = 1;
    if (one->chain_count == 0)
        goto done;
    if (!X509_STORE_CTX_init(verifier, store, sk_X509_value(chain, 0), chain))
        die("X509_STORE_CTX_init");
    X509_STORE_CTX_set0_dane(verifier, SSL_get0_dane(ssl));
    X509_STORE_CTX_set_default(verifier, "ssl_server");
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(verifier);
    X509_VERIFY_PARAM_set_auth_level(param, one->level);
    X509_VERIFY_PARAM_set1(param, SSL_get0_param(ssl));
    X509_VERIFY_PARAM_set_time(param, one->at);
    X509_VERIFY_PARAM_set_depth(param, one->depth);
    int ok = X509_verify_cert(verifier);
    *code = X509_STORE_CTX_get_error(verifier);
    if (ok <= 0 && *code == X509_V_OK)
        *code = X509_V_ERR_UNSPECIFIED;
    /* What matched is hidden where the verdict is bad, unless one says that it is good. */
    SSL_set_verify_result(ssl, X509_V_OK);
    *depth = SSL_get0_dane_authority(ssl, NULL, NULL);
    *record = index_of_match(ssl, one);
done:
    ERR_clear_error();
    SSL_free(ssl);
    sk_X509_pop_free(chain, X509_free);
    X509_STORE_CTX_free(verifier);
    X509_STORE_free(store);
    return result;
}

/* The verifier itself can crash: a NULL certificate in check_dane_pkeys. What it had allocated then is lost. */
static sigjmp_buf before;

static void crashed(int signal)
{
    (void) signal;
    siglongjmp(before, 1);
}

static SSL_CTX *set_up(void)
{
    /* The system's configuration (security level, policies) plays no part. */
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls || SSL_CTX_dane_enable(tls) <= 0)
        die("SSL_CTX_dane_enable");
    return tls;
}

int main(int argc, char **argv)
{
    long repeat = argc > 1 ? atol(argv[1]) : 0;
    static struct judged one;
    unsigned char head[4], *frame = NULL;
    SSL_CTX *tls = set_up();
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    if (repeat == 0)
        fprintf(stderr, "%s\n", OpenSSL_version(OPENSSL_VERSION));

    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        cursor = head;
        size_t length = (size_t) number(4);
        frame = realloc(frame, length);
        if (!frame || fread(frame, 1, length, stdin) != length)
            die("a case is cut short");
        cursor = frame;
        read_case(&one);

        if (sigsetjmp(before, 1)) {
            puts("crashed");
            fflush(stdout);
            continue;
        }
        int code, depth, record, result = judge(tls, &one, &code, &depth, &record);
        if (result == 0)
            printf("unusable");
        else if (result < 0)
            printf("unparsed");
        else
            printf("%d %d %d", code, depth, record);
        if (repeat > 0) {
            struct timespec from, to;
            clock_gettime(CLOCK_MONOTONIC, &from);
            for (long i = 0; i < repeat; i++)
                judge(tls, &one, &code, &depth, &record);
            clock_gettime(CLOCK_MONOTONIC, &to);
            double ns = (double) (to.tv_sec - from.tv_sec) * 1e9 + (double) (to.tv_nsec - from.tv_nsec);
            printf(" %.0f", ns / (double) repeat);
        }
        putchar('\n');
        fflush(stdout);
    }
    free(frame);
    SSL_CTX_free(tls);
    return 0;
}
