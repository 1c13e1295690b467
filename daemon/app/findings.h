// What a diagnosis finds in the daemon around the service: its certificates and lists, the Redis it
// stands on, its options and its process. Read when asked, told one by one; nothing is kept.
#pragma once

#include "app/options.h"
#include "net/server.h"
#include "service/monitor.h"
#include "store/store.h"

struct findings_about {
    const struct options *options;
    const struct server *server; // NULL: it does not listen yet
    const struct store *store;   // one of redis_new
    const char *redis_path;      // its socket, the embedded one's too; NULL: the options' address
    const char *reload_error;    // why the last reload was refused; NULL or empty: it was not
};

// Texts are borrowed for each call.
void findings_tell(const struct findings_about *about, monitor_finding_fn *each, void *to);
