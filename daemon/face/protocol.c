// The table of content types.
#include "face/protocol.h"

#define GRPC "application/grpc"
#define WEB "application/grpc-web"
#define CONNECT "application/connect"

static const struct media medias[] = {
    {GRPC, &protocol_grpc, CODEC_PROTO},
    {GRPC "+proto", &protocol_grpc, CODEC_PROTO},
    {GRPC "+json", &protocol_grpc, CODEC_JSON},
    {WEB, &protocol_grpc_web, CODEC_PROTO},
    {WEB "+proto", &protocol_grpc_web, CODEC_PROTO},
    {WEB "+json", &protocol_grpc_web, CODEC_JSON},
    {"application/proto", &protocol_connect, CODEC_PROTO},
    {"application/json", &protocol_connect, CODEC_JSON},
    {CONNECT "+proto", &protocol_connect_stream, CODEC_PROTO},
    {CONNECT "+json", &protocol_connect_stream, CODEC_JSON},
};

const char media_list[] =
    GRPC ", " GRPC "+proto, " GRPC "+json, " WEB ", " WEB "+proto, " WEB
         "+json, application/proto, application/json, " CONNECT "+proto, " CONNECT "+json";

static uint8_t lowered(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

// The type without parameters and the white space before them.
static struct span bare_type(struct span text)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != ';') {
        len++;
    }
    while (len > 0 && (text.data[len - 1] == ' ' || text.data[len - 1] == '\t')) {
        len--;
    }
    return span_of(text.data, len);
}

static bool is_type(struct span type, const char *name)
{
    struct span expected = span_of_text(name);
    if (type.len != expected.len) {
        return false;
    }
    for (size_t i = 0; i < type.len; i++) {
        if (lowered(type.data[i]) != expected.data[i]) {
            return false;
        }
    }
    return true;
}

const struct media *media_find(struct span content_type)
{
    struct span type = bare_type(content_type);
    for (size_t i = 0; i < sizeof(medias) / sizeof(medias[0]); i++) {
        if (is_type(type, medias[i].name)) {
            return &medias[i];
        }
    }
    return NULL;
}
