// Pictures: what is written is whole, and texts cannot break out of it.
#include "ctl/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void texts_are_escaped(void **state)
{
    (void)state;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    svg_begin(out, 100, 50, "a <b> & c");
    svg_text(out, "text", (struct svg_point){1, 2}, SVG_MIDDLE, "</text>\x01&amp;");
    assert_true(svg_end(out));
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "<title>a &lt;b&gt; &amp; c</title>"));
    assert_non_null(strstr(text, "<text class=\"text\" x=\"1\" y=\"2\" text-anchor=\"middle\">"
                                 "&lt;/text&gt; &amp;amp;</text>\n"));
    assert_non_null(strstr(text, "width=\"100\" height=\"50\""));
    assert_string_equal(text + bytes - strlen("</svg>\n"), "</svg>\n");
    free(text);
}

static void shapes_are_where_they_are_put(void **state)
{
    (void)state;
    static const struct svg_point points[] = {{0, 1}, {2, 3}, {-4, 5}};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    svg_polygon(out, "#112233", points, 3);
    svg_line(out, "axis", points[0], points[1]);
    svg_rectangle(out, "#445566", points[1], 6, 7);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text,
                        "<polygon fill=\"#112233\" points=\"0,1 2,3 -4,5\"/>\n"
                        "<line class=\"axis\" x1=\"0\" y1=\"1\" x2=\"2\" y2=\"3\"/>\n"
                        "<rect fill=\"#445566\" x=\"2\" y=\"3\" width=\"6\" height=\"7\"/>\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(shapes_are_where_they_are_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
