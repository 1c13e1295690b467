// The server as its parts see it: server.c and server_figures.c. Nobody else includes this.
#pragma once

#include "net/acceptor.h"
#include "net/connections.h"
#include "net/server.h"

struct server {
    struct acceptor acceptor;
    struct connections all;
    struct server_tls_options tls; // owned strings
    struct event *recheck;         // owned
    struct event *notice_over;     // owned: the end of a drain's notice
    uint32_t recheck_slot;         // the next to be judged again
    bool full_logged;
};
