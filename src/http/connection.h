/* The per-connection record: made at accept, freed when the socket is closed and no job refers to it. Loop
 * thread only. */
#ifndef TETHER_HTTP_CONNECTION_H
#define TETHER_HTTP_CONNECTION_H

#include "http/libh2o.h"

#include "http/block.h"
#include "http/hpack.h"
#include "http/rawhead.h"
#include "http/server.h"
#include "http/unparsed.h"
#include "request/kept_answers.h"

struct http_loop;
struct exchange;

/* The question of requests whose head is the same to the byte. */
struct asked {
    bool is_known;
    struct kept_key whole, but_token;
    int authorization, request_id; /* their places among the fields; -1: none */
};

struct connection {
    h2o_linklist_t link; /* in the loop's list: who rests for longest stands before all others who rest */
    struct http_loop *loop;
    h2o_socket_t *sock; /* NULL once closed */
    char address[64];   /* of the peer, as text; "unix" */
    uint16_t port;      /* ours; 0: a unix socket */
    /* NULL: plain. The library keeps the bare pointer until the first bytes of the handshake come, however
     * many times the certificate is changed meanwhile; this is the reference that holds it. */
    SSL_CTX *tls;
    bool closing; /* was shut down by us */
    bool retired;
    bool close_when_idle;
    struct unparsed unparsed; /* over HTTP/1, if what came last is no request */
    int linger_fd;       /* -1, or a duplicate that outlives the library's close */
    h2o_linklist_t open; /* struct open_request: alive in the library */
    size_t open_count;
    h2o_linklist_t waiting; /* those of them that came while the connection had as many jobs as it may have */
    size_t jobs;            /* in a lane or at a worker, client gone or not */
    uint64_t blocks;        /* header blocks over HTTP/2 */
    uint64_t requests;      /* that became complete */
    uint64_t cancelled;     /* whose client left before the answer */
    size_t held;            /* bytes of incomplete requests, as of the last sweep */
    size_t owed;            /* bytes of answers that the library still has, likewise */
    size_t streams; /* over HTTP/2, those that have begun, likewise; open_count of them are complete */
    bool is_http2, is_kept; /* it was answered once, and may rest */
    uint64_t accepted_ms;
    uint64_t
        active_ms;     /* when it was accepted, or last a request became complete or the last of them ended */
    uint64_t begun_ms; /* since when the sweeper sees the beginning of a request; 0: it sees none */
    struct hpack_peer hpack;
    struct block *block; /* of the last request over HTTP/2; NULL: none is kept */
    h2o_req_t *recalled; /* the request that was just made of it; only compared */
    struct asked asked;  /* what such a request asks (question.c) */
    struct {
        uint64_t of; /* which of `requests`; 0, UINT64_MAX: none */
        bool is_sound;
        struct rawhead head;
    } raw; /* over HTTP/1, what connection_raw_head() found */
};

#define TAKEN_UNKNOWN UINT64_MAX

/* One request inside libh2o: lives exactly as long as the library's request. */
struct open_request {
    h2o_linklist_t link;           /* in connection.open */
    h2o_linklist_t turn;           /* in connection.waiting, or unlinked */
    int64_t arrived_us;            /* monotonic */
    struct kept_question question; /* as long as the library's request is as it came */
    bool has_question;
    h2o_req_t *req;
    struct connection *connection;
    struct exchange *exchange; /* until answered; NULL afterwards */
    uint64_t answered_ms;      /* 0: the peer waits for us */
    size_t owed;               /* bytes of the answer */
    struct arena *kept; /* a large answer's body lives here while the library sends it; NULL: it has a copy */
    uint64_t progress_ms; /* since when the peer has not taken enough */
    uint64_t taken_mark;  /* what it had taken then; TAKEN_UNKNOWN: not looked yet */
};

/* Takes over a fresh socket before the library does. port: the listener's; tls: what it will shake hands
 * with, or NULL; referenced. NULL: the process is at its limit, the socket was closed. */
struct connection *connection_open(struct http_loop *loop, h2o_socket_t *sock, uint16_t port, SSL_CTX *tls);
/* The record of a request's connection, or of a socket's; NULL when the socket is not one of ours. */
struct connection *connection_of(h2o_req_t *req);
struct connection *connection_of_socket(const h2o_socket_t *sock);
/* Ends the peer: the loop sees the shut-down socket and frees everything. */
void connection_shut(struct connection *connection);
/* The same, because a guard or the sweeper decided so: counted. Accepts NULL. */
void connection_refused(struct connection *connection);
/* Ends a peer that nothing is under way with, as if it had left: the library takes what has arrived already,
 * then closes as it would. A peer that still is there when this is called again is shut. */
void connection_retire(struct connection *connection);
/* Ends the peer once what it was answered is out. */
void connection_close_when_idle(struct connection *connection);
/* Before an answer after which the library closes although the peer still sends: keeps the peer able to read
 * it. */
void connection_linger(struct connection *connection);
/* Whether one more header block may be opened. Accepts NULL. */
bool connection_may_open(struct connection *connection);

/* A complete request has arrived; counted in the record. */
struct open_request *connection_request(struct connection *connection, h2o_req_t *req);
/* Judges the raw head of the request that runs on the connection over HTTP/1, once however often it is asked.
 */
bool connection_raw_head(struct connection *connection, struct rawhead *ret);
/* Before it is asked of a request that was not counted. */
void connection_forget_raw_head(struct connection *connection);
/* Its answer is handed to the library. bytes: of the body. */
void connection_answered(struct open_request *open, size_t bytes);
/* A piece of its answer is handed to the library; more are to come. */
void connection_sending(struct open_request *open, size_t bytes);
/* The peer has taken that piece, and waits for us now. */
void connection_sent(struct open_request *open);
/* A job of this connection came back to the loop; one that waits takes its place. */
void connection_job_done(struct connection *connection);

#endif
