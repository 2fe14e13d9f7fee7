import hashlib
import hmac
import json
import os
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["BETEDGE_HMAC_SECRET"].encode()
waiting: queue.Queue[dict] = queue.Queue()
seen: set[str] = set()  # ids of events; in earnest a table, with a unique key


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        shown = self.headers.get("X-BetEdge-Signature", "")
        if hmac.compare_digest(shown.encode(), f"sha256={digest}".encode()):
            waiting.put(json.loads(body))  # in earnest a queue that lasts
            self.send_response(204)
        else:
            self.send_response(401)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def work() -> None:
    while True:
        event = waiting.get()
        if event["id"] not in seen:
            seen.add(event["id"])
            print(event["event"], event["data"].get("pick", ""), flush=True)


threading.Thread(target=work, daemon=True).start()
port = int(os.environ.get("PORT", "8080"))
ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
