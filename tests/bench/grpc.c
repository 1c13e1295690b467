// Awards through the gRPC face: many connections of nghttp2, each with so many calls in flight,
// driven by one poll loop. What calls.c does over frames; the operations are the same.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "bench/bench.h"

enum { PATH_BYTES = 4096, PREFIX_BYTES = 5, READ_BYTES = 65536, OUTPUT_BYTES = 1 << 20 };

struct load {
    const struct bench_options *options;
    uint32_t next;
    struct bench_result result;
};

struct line {
    struct load *load;
    SSL *ssl;
    int fd;
    nghttp2_session *session;
    struct buffer output; // taken from the session, not yet by the socket
};

// One call in flight; the stream's user data.
struct slot {
    struct line *line;
    uint32_t operation;
    int64_t sent_ns;
    uint8_t request[PREFIX_BYTES + BENCH_REQUEST_BYTES];
    size_t bytes;
    size_t sent;
    bool good; // grpc-status was 0
};

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "loyalty-bench: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

// --- calls ---

static ssize_t on_read(nghttp2_session *session, int32_t stream, uint8_t *place, size_t room,
                       uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)session;
    (void)stream;
    (void)context;
    struct slot *slot = source->ptr;
    size_t bytes = slot->bytes - slot->sent;
    bytes = bytes < room ? bytes : room;
    memcpy(place, slot->request + slot->sent, bytes);
    slot->sent += bytes;
    if (slot->sent == slot->bytes) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)bytes;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,                \
            NGHTTP2_NV_FLAG_NONE                                                                   \
    }

static void submit(struct slot *slot)
{
    static const nghttp2_nv fields[] = {
        FIELD(":method", "POST"),
        FIELD(":scheme", "https"),
        FIELD(":path", BENCH_AWARD),
        FIELD(":authority", "127.0.0.1"),
        FIELD("te", "trailers"),
        FIELD("content-type", "application/grpc"),
        FIELD("user-agent", "loyalty-bench"),
    };
    struct load *load = slot->line->load;
    if (load->next == load->options->operations) {
        return;
    }
    slot->operation = load->next++;
    size_t bytes =
        bench_pack_award(slot->operation, now_ms(), load->options, slot->request + PREFIX_BYTES);
    slot->request[0] = 0;
    for (size_t i = 1; i < PREFIX_BYTES; i++) {
        slot->request[i] = (uint8_t)(bytes >> (8 * (PREFIX_BYTES - 1 - i)));
    }
    slot->bytes = PREFIX_BYTES + bytes;
    slot->sent = 0;
    slot->good = false;
    slot->sent_ns = bench_now_ns();
    const nghttp2_data_provider body = {.source = {.ptr = slot}, .read_callback = on_read};
    must(nghttp2_submit_request(slot->line->session, NULL, fields,
                                sizeof(fields) / sizeof(fields[0]), &body, slot) > 0,
         "a call was not accepted");
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_bytes, const uint8_t *value, size_t value_bytes, uint8_t flags,
                     void *context)
{
    static const char status[] = "grpc-status";
    (void)flags;
    (void)context;
    struct slot *slot = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (slot != NULL && name_bytes == sizeof(status) - 1 && memcmp(name, status, name_bytes) == 0) {
        slot->good = value_bytes == 1 && value[0] == '0';
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    (void)context;
    struct slot *slot = nghttp2_session_get_stream_user_data(session, stream);
    struct bench_result *result = &slot->line->load->result;
    bench_sample(result, slot->sent_ns);
    if (!slot->good) {
        result->failed++;
        fprintf(stderr, "operation %u: failed, stream closed with %u\n", slot->operation, code);
    }
    submit(slot);
    return 0;
}

// --- a connection ---

static SSL_CTX *make_context(const struct bench_options *options)
{
    static const uint8_t alpn[] = "\x02h2";
    char ca[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];
    snprintf(ca, sizeof ca, "%s/ca.pem", options->tls);
    snprintf(certificate, sizeof certificate, "%s/%s.pem", options->tls, options->as);
    snprintf(key, sizeof key, "%s/%s.key", options->tls, options->as);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    must(context != NULL && SSL_CTX_load_verify_locations(context, ca, NULL) == 1 &&
             SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 &&
             SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn) - 1) == 0,
         "the certificates cannot be read");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static int connect_socket(const char *server)
{
    char host[PATH_BYTES];
    snprintf(host, sizeof host, "%s", server);
    char *colon = strrchr(host, ':');
    must(colon != NULL, "--server is HOST:PORT");
    *colon = '\0';
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    must(getaddrinfo(host, colon + 1, &hints, &found) == 0, "the server is not found");
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    must(fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0, "cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    freeaddrinfo(found);
    return fd;
}

static void open_line(struct line *line, struct load *load, SSL_CTX *context)
{
    nghttp2_session_callbacks *callbacks;
    line->load = load;
    line->fd = connect_socket(load->options->server);
    line->ssl = SSL_new(context);
    must(line->ssl != NULL && SSL_set_fd(line->ssl, line->fd) == 1 && SSL_connect(line->ssl) == 1,
         "TLS does not come about");
    fcntl(line->fd, F_SETFL, O_NONBLOCK);
    buffer_init(&line->output, OUTPUT_BYTES);
    must(nghttp2_session_callbacks_new(&callbacks) == 0, "no memory");
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    must(nghttp2_session_client_new(&line->session, callbacks, line) == 0 &&
             nghttp2_submit_settings(line->session, NGHTTP2_FLAG_NONE, NULL, 0) == 0,
         "no memory");
    nghttp2_session_callbacks_del(callbacks);
}

static void close_line(struct line *line)
{
    nghttp2_session_del(line->session);
    SSL_free(line->ssl);
    close(line->fd);
    buffer_fini(&line->output);
}

// All that is to go leaves in one write, as far as the socket takes it.
static void write_line(struct line *line)
{
    const uint8_t *bytes;
    ssize_t count;
    while ((count = nghttp2_session_mem_send(line->session, &bytes)) > 0) {
        must(buffer_append(&line->output, span_of(bytes, (size_t)count)) == STATUS_OK, "no room");
    }
    must(count == 0, "the session is broken");
    if (line->output.len == 0) {
        return;
    }
    int written = SSL_write(line->ssl, line->output.data, (int)line->output.len);
    if (written > 0) {
        size_t left = line->output.len - (size_t)written;
        memmove(line->output.data, line->output.data + written, left);
        buffer_truncate(&line->output, left);
        return;
    }
    must(SSL_get_error(line->ssl, written) == SSL_ERROR_WANT_WRITE, "the connection broke");
}

static void read_line(struct line *line)
{
    uint8_t bytes[READ_BYTES];
    int count;
    while ((count = SSL_read(line->ssl, bytes, sizeof bytes)) > 0) {
        must(nghttp2_session_mem_recv(line->session, bytes, (size_t)count) == count,
             "the server sent what is no HTTP/2");
    }
    must(SSL_get_error(line->ssl, count) == SSL_ERROR_WANT_READ, "the connection broke");
}

static void drive(struct line *lines, uint32_t count, const struct load *load)
{
    struct pollfd *polled = calloc(count, sizeof *polled);
    must(polled != NULL, "no memory");
    while (load->result.done < load->options->operations) {
        for (uint32_t i = 0; i < count; i++) {
            write_line(&lines[i]);
            polled[i].fd = lines[i].fd;
            polled[i].events = (short)(POLLIN | (lines[i].output.len > 0 ? POLLOUT : 0));
        }
        must(poll(polled, count, BENCH_PATIENCE_MS) > 0, "no answer comes");
        for (uint32_t i = 0; i < count; i++) {
            if ((polled[i].revents & POLLIN) != 0) {
                read_line(&lines[i]);
            }
        }
    }
    free(polled);
}

int bench_award_grpc(const struct bench_options *options)
{
    struct load load = {.options = options};
    uint32_t count = options->connections;
    uint32_t depth = options->depth;
    SSL_CTX *context = make_context(options);
    struct line *lines = calloc(count, sizeof *lines);
    struct slot *slots = calloc((size_t)count * depth, sizeof *slots);
    must(lines != NULL && slots != NULL, "no memory");
    for (uint32_t i = 0; i < count; i++) {
        open_line(&lines[i], &load, context);
    }
    bench_begin(&load.result, options->operations);
    for (uint32_t i = 0; i < count * depth; i++) {
        slots[i].line = &lines[i / depth];
        submit(&slots[i]);
    }
    drive(lines, count, &load);
    for (uint32_t i = 0; i < count; i++) {
        close_line(&lines[i]);
    }
    SSL_CTX_free(context);
    free(lines);
    free(slots);
    return bench_end(&load.result);
}
