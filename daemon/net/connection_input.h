// The receiving half of a connection in OPEN; see net/connection.h for the states.
#pragma once

#include "net/connection.h"

// Reads what was allowed (stream_allow_read) and hands on its frames. Nothing unless OPEN and not
// paused.
void connection_input_read(struct connection *connection);
// Reads on when it is paused and enough answers have been given and taken.
void connection_input_resume(struct connection *connection);
