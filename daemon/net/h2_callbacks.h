// What nghttp2 tells: frames received, frames sent, streams closed.
#pragma once

#include <nghttp2/nghttp2.h>

// The user data of the session is its struct h2, that of a stream its struct h2_exchange.
void h2_callbacks_set(nghttp2_session_callbacks *callbacks);
