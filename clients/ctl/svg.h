// A small writer of SVG: whole numbers, texts escaped, nothing but what is needed here. Colours of
// what is neutral (ground, text, lines) follow the reader's light or dark scheme by class:
//     ground, text, faint (text), axis, grid
// Writing errors show at svg_end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/span.h"

struct svg_point {
    int x;
    int y;
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

void svg_begin(FILE *out, int width, int height, const char *title);
void svg_text(FILE *out, const char *class, struct svg_point at, enum svg_anchor anchor,
              const char *text);
void svg_line(FILE *out, const char *class, struct svg_point from, struct svg_point to);
void svg_rectangle(FILE *out, const char *colour, struct svg_point at, int width, int height);
void svg_polygon(FILE *out, const char *colour, const struct svg_point *points, size_t count);
// False when something of it could not be written.
bool svg_end(FILE *out);
