"""GET /picks/stream: events of the log as they are committed, over connections that stay open.

A request is answered by the same gate and view as everywhere, in a thread (`door`); what it opens is a `connection`,
and from then on plain ASGI (`app`). One thread a process reads the log (`reader`) for all of its connections (`hub`).
"""
