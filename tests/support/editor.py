"""Who edits the program: reads it, publishes changed versions, withdraws them."""

import copy

import frames
from frames import programs


class Editor:
    """By a certificate, on one daemon; `now_ms` is the service's clock."""

    def __init__(self, scene, now_ms, daemon=0, name="admin"):
        self.client = scene.client(name, daemon)
        self.now_ms = now_ms

    def close(self):
        self.client.close()

    def read(self, version=0):
        return self.client.ask("GetProgram", programs.GetProgramRequest(version=version))

    def publishing(self, ahead_ms, rate=None, etag=None, program=None, reason=""):
        """A request for the program as it is in force, or `program`; `rate` points for a yuan."""
        current = self.read()
        request = programs.PublishProgramRequest(
            mutation=frames.mutation(None, self.now_ms()), reason=reason,
            program=copy.deepcopy(program or current.program),
            etag=current.etag if etag is None else etag)
        if rate is not None:
            request.program.earn.rules[0].rate.points = rate
        request.effective_from.FromMilliseconds(self.now_ms() + ahead_ms)
        return request

    def withdrawing(self, version, etag=None, reason=""):
        return programs.WithdrawProgramRequest(
            mutation=frames.mutation(None, self.now_ms()), version=version, reason=reason,
            etag=self.read().etag if etag is None else etag)

    def submit(self, request):
        method = type(request).__name__.removesuffix("Request")
        return self.client.submit(method, request)

    def send(self, request):
        self.submit(request)
        return self.client.receive()[1]

    def publish(self, *arguments, **more):
        return self.must(self.publishing(*arguments, **more))

    def withdraw(self, *arguments, **more):
        return self.must(self.withdrawing(*arguments, **more))

    def must(self, request):
        reply = self.send(request)
        assert reply.error is None, reply.error
        return reply.message
