// Whether this Redis can be trusted with points.
#pragma once

struct redis_link;

// The handshake of a new connection: who we are, and all that must be true of the server. It ends
// in redis_link_ready or, with a reason that names what to change, in redis_link_refuse.
void redis_check_start(struct redis_link *link);
// On a connection that is ready: an operator may have changed settings or role since. Ends in
// redis_link_refuse if they do not fit any more, and else in nothing.
void redis_check_again(struct redis_link *link);
