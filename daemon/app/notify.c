// Each message is one datagram of sd_notify(3); a supervisor that is gone is nobody's trouble.
#include "app/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "app/watch.h"

enum {
    AGAIN_US = 1000000,    // between two words of a drain
    DRAIN_US = 10000000,   // asked for with each
    CLOSING_US = 15000000, // an embedded Redis is killed after 10 s
    SENTENCE_BYTES = 300,
};

// How the daemon stands, in a sentence.
static void describe(const struct notify *notify, char sentence[SENTENCE_BYTES])
{
    if (notify->store_ready) {
        (void)snprintf(sentence, SENTENCE_BYTES, "Serving.");
    } else if (notify->reason[0] == '\0') {
        (void)snprintf(sentence, SENTENCE_BYTES, "Listening; the store has not answered yet.");
    } else {
        (void)snprintf(sentence, SENTENCE_BYTES, "Listening; the store is not ready: %s",
                       notify->reason);
    }
}

static void tell(const struct notify *notify, const char *what)
{
    char sentence[SENTENCE_BYTES];
    describe(notify, sentence);
    (void)sd_notifyf(0, "%sSTATUS=%s", what, sentence);
}

void notify_ready(struct notify *notify)
{
    notify->ready = true;
    tell(notify, "READY=1\n");
}

// A newline would begin another assignment.
static void keep_reason(struct notify *notify, const char *reason)
{
    (void)snprintf(notify->reason, sizeof notify->reason, "%s", reason);
    for (char *at = notify->reason; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ') {
            *at = ' ';
        }
    }
}

void notify_store(struct notify *notify, bool ready, const char *reason)
{
    notify->store_ready = ready;
    keep_reason(notify, ready || reason == NULL ? "" : reason);
    if (notify->ready && !notify->stopping) {
        tell(notify, "");
    }
}

void notify_reloading(const struct notify *notify)
{
    if (notify->ready && !notify->stopping) {
        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Reloading.",
                         watch_now_us());
    }
}

void notify_reloaded(const struct notify *notify)
{
    if (notify->ready && !notify->stopping) {
        tell(notify, "READY=1\n");
    }
}

void notify_draining(struct notify *notify, size_t requests, size_t connections)
{
    int64_t now_us = watch_now_us();
    if (notify->stopping && now_us - notify->told_us < AGAIN_US) {
        return;
    }
    (void)sd_notifyf(0,
                     "%sEXTEND_TIMEOUT_USEC=%d\n"
                     "STATUS=Draining: %zu requests, %zu connections left.",
                     notify->stopping ? "" : "STOPPING=1\n", DRAIN_US, requests, connections);
    notify->stopping = true;
    notify->told_us = now_us;
}

void notify_closing(struct notify *notify)
{
    if (notify->ready) {
        (void)sd_notifyf(0, "%sEXTEND_TIMEOUT_USEC=%d\nSTATUS=Closing.",
                         notify->stopping ? "" : "STOPPING=1\n", CLOSING_US);
    }
    notify->stopping = true;
}
