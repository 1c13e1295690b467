// The files that options name: whether they are there and are what they must be. What a start would
// find out, without serving; the store is not asked.
#pragma once

#include "app/options.h"
#include "net/server.h"

// False with an error for each that is wrong.
bool config_check(struct options *options, struct option_errors *ret_errors);

// What the listener is to be given.
struct server_tls_options config_tls(const struct options *options);
struct server_limits config_limits(const struct options *options);
