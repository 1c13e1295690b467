// The screen of `loyaltyctl top` as text: lines of at most `width` columns, at most `height` of
// them, each ended by a newline. The same summary gives the same bytes. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ctl/top_summary.h"

enum { TOP_WIDTH_MIN = 40, TOP_HEIGHT_MIN = 10, TOP_WIDTH_MAX = 240, TOP_HEIGHT_MAX = 200 };

// Of TOP_WIDTH_MAX columns of four bytes each, at the most.
enum { TOP_SCREEN_BYTES = TOP_HEIGHT_MAX * (TOP_WIDTH_MAX * 4 + 1) + 1 };

// Returns how many bytes are written, without the NUL behind them.
size_t top_screen(const struct top_summary *summary, const struct top_moment *now, int width,
                  int height, char out[TOP_SCREEN_BYTES]);
