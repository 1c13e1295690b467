// What makes an account that people are served with: a member's, or a pool's (service/enroll.c).
#pragma once

#include "wire/commands.h"

struct request;

// Takes the request over. `wanted` is copied; `referred_by` is the message's, NULL for nobody.
void enroll_begin(struct request *request, const struct enroll_request *wanted,
                  const Loyalty__V1__MemberRef *referred_by);
