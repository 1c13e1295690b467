// Looks every few milliseconds; what has to come together (connection, settings, lease) has no one
// moment at which all of it is told.
#include "app/opening.h"

#include <event2/event.h>

#include "app/clocks.h"
#include "base/check.h"
#include "face/health.h"
#include "net/server.h"

static void look_later(struct opening *opening)
{
    const struct timeval wait = {.tv_usec = OPENING_LOOK_MS * 1000L};
    CHECK(event_add(opening->look, &wait) == 0); // app/loop.h
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct opening *opening = context;
    if (!health_serves(opening->face) && clocks_monotonic_ms(NULL) < opening->until_ms) {
        look_later(opening);
        return;
    }
    server_release(opening->server);
    opening->on_open(opening->context);
}

enum status opening_start(struct opening *opening, struct event_base *base, const struct face *face,
                          struct server *server)
{
    opening->look = evtimer_new(base, on_look, opening);
    if (opening->look == NULL) {
        return STATUS_NO_MEMORY;
    }
    opening->face = face;
    opening->server = server;
    opening->until_ms = clocks_monotonic_ms(NULL) + OPENING_WAIT_MS;
    server_hold(server);
    look_later(opening);
    return STATUS_OK;
}

void opening_fini(struct opening *opening)
{
    if (opening->look != NULL) {
        event_free(opening->look);
    }
    opening->look = NULL;
}
