// The shops' lines to the service: a port of ours for each shop, whose connections are carried on
// byte by byte, TLS and all. A line can be cut in the middle of a record, be down (connections end
// at once), stalled (nothing is carried) or mute (what is asked gets through, and is done, but no
// answer comes back): real sockets, really closed.
//
// One object for all lines; it works inside lines_poll, after lines_wish and the caller's poll(2).
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINES_PAIRS_MAX = 4096 };

struct lines;

// `target` is HOST:PORT of numbers. NULL with the reason on stderr.
struct lines *lines_new(const char *target, uint32_t count);
void lines_free(struct lines *lines);
// Where the tills of a shop connect to.
uint16_t lines_port(const struct lines *lines, uint32_t shop);

enum line_state { LINE_UP, LINE_DOWN, LINE_STALLED, LINE_MUTE };

// Going down ends the connections there are; a stall keeps them.
void lines_set(struct lines *lines, uint32_t shop, enum line_state state);
enum line_state lines_state(const struct lines *lines, uint32_t shop);
// Ends one of the shop's connections after `bytes` more, whichever way they go. False: there is
// none.
bool lines_cut(struct lines *lines, uint32_t shop, uint32_t pick, uint32_t bytes);
uint64_t lines_ended(const struct lines *lines); // connections by lines_cut or a line going down

// Fills in what to wait for, at most `max`; returns how many.
size_t lines_wish(const struct lines *lines, struct pollfd *ret_polls, size_t max);
// Carries on whatever can be. The polls are those of the last lines_wish, with their events.
void lines_poll(struct lines *lines, const struct pollfd *polls, size_t count);
