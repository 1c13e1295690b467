// Which request of whose trace this is: W3C Trace Context's traceparent,
// "00-<trace id>-<parent id>-<flags>". The service takes no part in a trace, it carries the name of
// one: into its log and back. One that is malformed is as good as none, as the specification has
// it.
#pragma once

#include "base/span.h"

// The well-formed traceparent that `text` is, or begins with if it is of a later version, at most
// LIMIT_TRACEPARENT_BYTES of it; empty when there is none.
struct span trace_parse(struct span text);
