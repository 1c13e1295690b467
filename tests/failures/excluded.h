// Failures that a library underneath cannot take: it aborts, leaks or says what is not so by
// itself. Each program lists what it lets pass, with the reason; nothing of ours is.
#pragma once

struct excluded {
    const char *function; // exported by a library; a call made while it is on the stack is let pass
    const char *reason;
};

// The program's, ending in an empty row.
extern const struct excluded excluded[];

// The reason why the call being made now is let pass; NULL: none.
const char *excluded_here(void);
