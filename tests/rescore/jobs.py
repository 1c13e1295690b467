"""Plans and runs as a client asks for them over frames, and their operations."""

import frames
import world

rescoring = frames.MODULES["rescoring"]
RESCORING = "/loyalty.v1.RescoringService"
OPERATIONS = "/google.longrunning.Operations"
DONE_S = 120


def _operations():
    from google.longrunning import operations_pb2  # pylint: disable=import-outside-toplevel
    for service in operations_pb2.DESCRIPTOR.services_by_name.values():
        for method in service.methods:
            frames.METHODS[f"/{service.full_name}/{method.name}"] = method
    return operations_pb2


operations = _operations()


def stamp(request, at_ms):
    request.at.CopyFrom(type(request.at)(**frames.stamp(at_ms)))
    return request


def plan_request(at_ms, created_ms, request_id=None, **more):
    request = rescoring.PlanRescoringRequest(
        mutation=frames.mutation(request_id, created_ms), reason="a test", **more)
    return stamp(request, at_ms)


def run_request(at_ms, created_ms, request_id=None, **more):
    request = rescoring.RunRescoringRequest(
        mutation=frames.mutation(request_id, created_ms), reason="a test", **more)
    return stamp(request, at_ms)


def plan(client, at_ms, created_ms, **more):
    """The operation's name."""
    return client.ask(f"{RESCORING}/PlanRescoring", plan_request(at_ms, created_ms, **more)).name


def run(client, at_ms, created_ms, **more):
    return client.ask(f"{RESCORING}/RunRescoring", run_request(at_ms, created_ms, **more)).name


def look(client, name):
    return client.ask(f"{OPERATIONS}/GetOperation", operations.GetOperationRequest(name=name))


def wait(client, name, seconds=DONE_S):
    """What a job gave that has ended well, as RescoringPlan or RescoringReport."""
    request = operations.WaitOperationRequest(name=name)  # the service waits, not we
    done = world.wait_for(lambda: [each for each in [
        client.ask(f"{OPERATIONS}/WaitOperation", request)] if each.done], name, seconds)[0]
    assert done.WhichOneof("result") == "response", done
    kind = rescoring.RescoringPlan if name.startswith("operations/plan-") \
        else rescoring.RescoringReport
    message = kind()
    assert done.response.Unpack(message), done
    return message


def moves(client, plan_name, page_size=200):
    """Each move of a plan."""
    token = ""
    while True:
        page = client.ask(f"{RESCORING}/ListMoves", rescoring.ListMovesRequest(
            plan=plan_name, page_size=page_size, page_token=token))
        yield from page.moves
        token = page.next_page_token
        if not token:
            return


def by_member(plan_moves):
    """{member id: (from, to, score, threshold, card until or None)}; each member once."""
    found = {}
    for move in plan_moves:
        assert move.member_id not in found, f"{move.member_id} twice"
        until = frames.instant_ms(move.card_until) if move.HasField("card_until") else None
        found[move.member_id] = (move.from_tier_id, move.to_tier_id, move.score, move.threshold,
                                 until)
    return found


def edges(moves_by_member):
    """{(from, to): members}"""
    counts = {}
    for move in moves_by_member.values():
        counts[move[0:2]] = counts.get(move[0:2], 0) + 1
    return counts


def told_edges(message):
    return {(edge.from_tier_id, edge.to_tier_id): edge.members for edge in message.edges}
