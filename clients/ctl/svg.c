// Every attribute is written here; only texts come from outside, and are escaped.
#include "ctl/svg.h"

static const char style[] =
    "text{font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}"
    ".ground{fill:#ffffff}.text,.title{fill:#1f2328}.faint{fill:#59636e}"
    ".axis{stroke:#59636e}.grid{stroke:#d1d9e0}.mark{stroke:#59636e;stroke-dasharray:4 4}"
    "@media (prefers-color-scheme:dark){.ground{fill:#0d1117}.text,.title{fill:#f0f6fc}"
    ".faint{fill:#9198a1}.axis,.mark{stroke:#9198a1}.grid{stroke:#3d444d}}";

static void escape(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        default:
            // XML knows no control characters.
            (void)fputc((unsigned char)*at < ' ' ? ' ' : *at, out);
        }
    }
}

void svg_begin(FILE *out, int width, int height, const char *title)
{
    (void)fprintf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                  "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
                  width, height, width, height);
    escape(out, title);
    (void)fprintf(out,
                  "</title>\n<style>%s</style>\n"
                  "<rect class=\"ground\" width=\"%d\" height=\"%d\"/>\n",
                  style, width, height);
}

void svg_text(FILE *out, const char *class, struct svg_point at, enum svg_anchor anchor,
              const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    (void)fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">", class, at.x,
                  at.y, anchors[anchor]);
    escape(out, text);
    (void)fputs("</text>\n", out);
}

void svg_line(FILE *out, const char *class, struct svg_point from, struct svg_point to)
{
    (void)fprintf(out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", class,
                  from.x, from.y, to.x, to.y);
}

void svg_rectangle(FILE *out, const char *colour, struct svg_point at, int width, int height)
{
    (void)fprintf(out, "<rect fill=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", colour,
                  at.x, at.y, width, height);
}

void svg_polygon(FILE *out, const char *colour, const struct svg_point *points, size_t count)
{
    (void)fprintf(out, "<polygon fill=\"%s\" points=\"", colour);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%d,%d", i == 0 ? "" : " ", points[i].x, points[i].y);
    }
    (void)fputs("\"/>\n", out);
}

bool svg_end(FILE *out)
{
    (void)fputs("</svg>\n", out);
    return fflush(out) == 0 && ferror(out) == 0;
}
