// SSL_get_error, the error queue and errno are looked at here and nowhere else. The socket is
// behind a BIO of our own, which rations reads and never raises SIGPIPE.
#include "net/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"

static int on_socket_read(BIO *bio, char *into, int bytes)
{
    struct stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!stream->may_read) {
        BIO_set_retry_read(bio);
        return -1;
    }
    stream->may_read = false;
    ssize_t len = recv(stream->fd, into, (size_t)bytes, 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    }
    if (len < 0 && errno == ECONNRESET) { // an end like another; if we owe something, writing tells
        len = 0;
    }
    stream->touched = stream->touched || len > 0;
    stream->ended = stream->ended || len == 0;
    return (int)len;
}

static int on_socket_write(BIO *bio, const char *from, int bytes)
{
    struct stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t len = send(stream->fd, from, (size_t)bytes, MSG_NOSIGNAL);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return (int)len;
}

static long on_socket_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct stream *stream = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return stream->ended;
    default:
        return 0;
    }
}

// One for the process, made at first use; NULL when there is no memory for it yet.
static const BIO_METHOD *socket_method(void)
{
    static BIO_METHOD *method = NULL;
    if (method != NULL) {
        return method;
    }
    BIO_METHOD *made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");
    if (made == NULL || BIO_meth_set_read(made, on_socket_read) != 1 ||
        BIO_meth_set_write(made, on_socket_write) != 1 ||
        BIO_meth_set_ctrl(made, on_socket_control) != 1) {
        BIO_meth_free(made);
        return NULL;
    }
    method = made;
    return method;
}

// Called for every message sent and received.
static void on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *context)
{
    (void)version;
    (void)ssl;
    struct stream *stream = context;
    if (sent == 0 && type == SSL3_RT_HANDSHAKE && len > 0 &&
        *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE) {
        stream->key_updates++;
    }
}

enum status stream_init(struct stream *stream, SSL_CTX *context, int fd)
{
    const BIO_METHOD *method = socket_method();
    SSL *ssl = method == NULL ? NULL : SSL_new(context);
    BIO *socket = ssl == NULL ? NULL : BIO_new(method);
    if (ssl == NULL || socket == NULL) {
        SSL_free(ssl);
        (void)BIO_free(socket);
        ERR_clear_error();
        return STATUS_NO_MEMORY;
    }
    BIO_set_data(socket, stream);
    BIO_set_init(socket, 1);
    SSL_set_bio(ssl, socket, socket);
    SSL_set_accept_state(ssl);
    SSL_set_msg_callback(ssl, on_message);
    SSL_set_msg_callback_arg(ssl, stream);
    *stream = (struct stream){.ssl = ssl, .fd = fd};
    return STATUS_OK;
}

void stream_fini(struct stream *stream)
{
    if (stream == NULL || stream->ssl == NULL) {
        return;
    }
    SSL_free(stream->ssl);
    (void)close(stream->fd);
    *stream = (struct stream){.fd = -1};
}

static enum stream_result break_stream(struct stream *stream, const char *reason)
{
    stream->broken = true;
    stream->reason = reason;
    ERR_clear_error();
    return STREAM_BROKEN;
}

static const char *protocol_reason(const struct stream *stream)
{
    long verdict = SSL_get_verify_result(stream->ssl);
    if (verdict != X509_V_OK) {
        return X509_verify_cert_error_string(verdict);
    }
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return reason == NULL ? "protocol error" : reason;
}

static enum stream_result judge(struct stream *stream, int returned)
{
    int saved_errno = errno;
    switch (SSL_get_error(stream->ssl, returned)) {
    case SSL_ERROR_NONE:
        return STREAM_OK;
    case SSL_ERROR_WANT_READ:
        return STREAM_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return STREAM_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_END;
    case SSL_ERROR_SYSCALL:
        return saved_errno == 0 ? STREAM_END : break_stream(stream, strerrordesc_np(saved_errno));
    default:
        return break_stream(stream, protocol_reason(stream));
    }
}

// Emptying the queue of errors costs some 800 instructions, looking into it 50.
static void prepare(struct stream *stream)
{
    CHECK(!stream->broken);
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
    errno = 0;
}

void stream_allow_read(struct stream *stream)
{
    stream->may_read = true;
}

enum stream_result stream_handshake(struct stream *stream)
{
    prepare(stream);
    return judge(stream, SSL_do_handshake(stream->ssl));
}

enum stream_result stream_read(struct stream *stream, uint8_t *into, size_t bytes, size_t *ret_len)
{
    prepare(stream);
    int returned = SSL_read_ex(stream->ssl, into, bytes, ret_len);
    if (stream->key_updates > STREAM_KEY_UPDATES) {
        return break_stream(stream, "too many key updates");
    }
    return returned == 1 ? STREAM_OK : judge(stream, returned);
}

bool stream_holds(const struct stream *stream)
{
    return SSL_has_pending(stream->ssl) == 1;
}

void stream_credit(struct stream *stream)
{
    stream->key_updates = 0;
}

enum stream_result stream_write(struct stream *stream, struct span bytes)
{
    CHECK(bytes.len > 0 && bytes.len <= STREAM_RECORD_BYTES);
    prepare(stream);
    size_t written = 0;
    int returned = SSL_write_ex(stream->ssl, bytes.data, bytes.len, &written);
    CHECK(returned != 1 || written == bytes.len);
    return returned == 1 ? STREAM_OK : judge(stream, returned);
}

void stream_finish(struct stream *stream)
{
    if (!stream->broken && SSL_is_init_finished(stream->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(stream->ssl);
        ERR_clear_error();
    }
    (void)shutdown(stream->fd, SHUT_WR);
}

bool stream_discard(struct stream *stream, uint8_t *scratch, size_t bytes)
{
    ssize_t len = recv(stream->fd, scratch, bytes, 0);
    return len > 0 || (len < 0 && (errno == EAGAIN || errno == EINTR));
}
