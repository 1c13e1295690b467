// What the daemon tells whoever supervises it (systemd, or a test in its place), and one sentence
// that is kept true for `systemctl status`. Without NOTIFY_SOCKET nothing is sent.
//
//     starting --ready--> serving <--reloading, reloaded--> reloading
//                            |
//                            +--draining, again and again--> draining --closing--> (exit)
//
// Ready means that it takes clients (app/opening.h). A store that cannot be had does not hold that
// up for long: clients are told so, /readyz says why, and another start would mend nothing.
// Source: sd_notify(3), systemd.service(5) of systemd 252, which knows no Type=notify-reload:
// RELOADING=1 goes with MONOTONIC_USEC always, as later versions ask.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTIFY_REASON_BYTES = 200 };

struct notify {
    bool ready;
    bool stopping;
    bool store_ready;
    char reason[NOTIFY_REASON_BYTES]; // why the store is not ready, one line
    int64_t told_us;                  // when the drain was told last
};

// Zeroed is right for a start.
void notify_ready(struct notify *notify);
void notify_store(struct notify *notify, bool ready, const char *reason);
void notify_reloading(const struct notify *notify);
void notify_reloaded(const struct notify *notify);
// While it drains, as often as one likes: told once a second, each time with the claim that it is
// not over within the next ten.
void notify_draining(struct notify *notify, size_t requests, size_t connections);
// Nobody is served any more; files are closed, which may take as long as an embedded Redis does.
void notify_closing(struct notify *notify);
