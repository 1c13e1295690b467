// How log lines name a member: 16 hex digits of a hash under the key of identifiers (without that
// key, under one drawn at the start). Lines of one ledger have the same for one member, and nobody
// finds the member by it who has not the key. Admins do: ListSlowRequests tells both.
#pragma once

#include "base/span.h"

struct service;

enum { LOG_MEMBER_BYTES = 17 };

void log_member(const struct service *service, struct span id, char ret_text[LOG_MEMBER_BYTES]);
