// The handshake of a new connection: who we are, and whether this Redis can be trusted with points.
// It ends in redis_link_ready or, with a reason that names what to change, in redis_link_refuse.
#pragma once

struct redis_link;

void redis_check_start(struct redis_link *link);
