// Answers about points: calling for them, and printing them for people.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "ctl/session.h"
#include "loyalty/v1/points.pb-c.h"

// Calls a mutation and prints its answer, or why there is none. An exit code.
int points_answer(struct session *session, const char *method, const ProtobufCMessage *request,
                  const char *request_id, const ProtobufCMessageDescriptor *type);
// Prints an answer of PointsService or an enrolment's, or where a member stands.
void points_print(const ProtobufCMessage *answer);
// The answer that an outcome has stored; NULL for none.
const ProtobufCMessage *points_reply(const Loyalty__V1__GetOutcomeResponse *outcome);
// When that was recorded; NULL where there is none, or it does not say.
Google__Protobuf__Timestamp *points_recorded(const Loyalty__V1__GetOutcomeResponse *outcome);
