// The connections there are, for who looks after the server.
#pragma once

#include "net/connections.h"

// See server_each_connection. Those that have been told goodbye are not among them.
void connection_list(const struct connections *all, uint64_t below, server_connection_fn *each,
                     void *context);
