// The face of ALPN "h2": gRPC, gRPC-Web and Connect over HTTP/2 exchanges. It makes calls of
// requests, gives them to the one dispatch there is, and writes the answers each in its protocol;
// health and reflection it answers itself. net knows nothing of what is asked, the service nothing
// of how it came.
//
// Lifetime: made before the server, told of it, freed after it; the service may be gone by then.
#pragma once

#include "base/status.h"
#include "net/http.h"

struct face;
struct server;
struct service;

MUST_CHECK enum status face_new(struct service *service, struct face **ret_face);
// The handlers for server_serve_http, and the server that has them.
const struct server_http *face_http(const struct face *face);
void face_set_server(struct face *face, struct server *server);
// Something that health depends on may have changed: the store has come or gone.
void face_refresh(struct face *face);
// From now on health is NOT_SERVING and its watchers know; streams end and no more are opened,
// calls are answered as before.
void face_drain(struct face *face);
// After the server. NULL is allowed.
void face_free(struct face *face);
