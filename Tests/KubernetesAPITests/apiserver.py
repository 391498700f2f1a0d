#!/usr/bin/env python3
"""A Kubernetes API server's manners, for tests: lists in pages, watches, tokens, and faults on demand, over TLS.

usage: apiserver.py CERTIFICATE KEY TOKEN [ADDRESS]

Prints its port, and then takes commands from standard input, one JSON object a line, each answered by "ok":

    {"set": "services", "object": {...}}      add or change an object
    {"delete": "services", "name": "ns/n"}    remove one
    {"forget": true}                          answer 410 for every version until now
    {"fault": "429", "count": 3}              the next requests fail: an HTTP status, or "cut", "error410"
    {"send": "services", "line": "..."}       a raw line to every watch of the collection
    {"bookmark": "services"}                  a bookmark to every watch of the collection
    {"down": true}                            close the port and every connection; false opens it again
    {"token": "..."}                          accept this one from now on

Ends with its standard input.
"""
import http.server, json, socket, ssl, sys, threading, time, urllib.parse

KINDS = {"services": "Service", "endpointslices": "EndpointSlice", "nodes": "Node"}
lock = threading.Condition()
objects = {name: {} for name in KINDS}
events = []          # (version, collection, line)
version = 1
oldest = 0
faults = []
token = sys.argv[3]
address = sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1"
connections = set()
requests = []


def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def setup(self):
        super().setup()
        connections.add(self.connection)

    def status(self, code, reason, headers=()):
        body = text({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": reason, "code": code})
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.rsplit("/", 1)[1]
        with lock:
            requests.append(self.path)
            fault = faults.pop(0) if faults else None
        if self.headers.get("Authorization") != "Bearer " + token:
            return self.status(401, "Unauthorized")
        if fault and fault.isdigit():
            return self.status(int(fault), "storm " + fault, [("Retry-After", "0")])
        if name not in objects:
            return self.status(404, "not found")
        try:
            (self.watch if "watch" in query else self.list)(name, query, fault)
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def list(self, name, query, fault):
        with lock:
            items = sorted(objects[name].items())
            now = version
        start = 0
        if "continue" in query:
            if not query["continue"].startswith("from-"):
                return self.status(400, "invalid continue token")
            start = int(query["continue"].split("-")[1])
        if start and fault == "expire":
            return self.status(410, "the provided continue parameter is too old")
        limit = int(query.get("limit", "0")) or len(items) or 1
        page = [item for _, item in items[start:start + limit]]
        metadata = {"resourceVersion": str(now)}
        if start + limit < len(items):
            metadata["continue"] = "from-%d" % (start + limit)
        body = text({"kind": KINDS[name] + "List", "apiVersion": "v1", "metadata": metadata, "items": page})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "cut":
            self.wfile.write(body[:len(body) // 2])
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def watch(self, name, query, fault):
        seen = int(query["resourceVersion"])
        with lock:
            if seen < oldest:
                return self.status(410, "too old resource version")
            position = next((i for i, e in enumerate(events) if e[0] > seen), len(events))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if fault == "error410":
            self.chunk(text({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "Expired"}}) + b"\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        deadline = time.monotonic() + int(query["timeoutSeconds"])
        while time.monotonic() < deadline:
            with lock:
                lock.wait_for(lambda: position < len(events), timeout=1)
                ready = events[position:]
                position += len(ready)
            for _, collection, line in ready:
                if collection != name:
                    continue
                if fault == "cut":
                    self.chunk(line[:len(line) // 2])
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.chunk(line + b"\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, address):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])


def serve(port):
    server = Server((address, port), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True, args=(0.05,)).start()
    return server


server = serve(0)
port = server.server_address[1]
print(port, flush=True)
for command in map(json.loads, sys.stdin):
    answer = "ok"
    with lock:
        if "set" in command:
            name, value = command["set"], command["object"]
            version += 1
            value["kind"] = KINDS[name]
            value["metadata"]["resourceVersion"] = str(version)
            key = value["metadata"].get("namespace", "") + "/" + value["metadata"]["name"]
            kind = "MODIFIED" if key in objects[name] else "ADDED"
            objects[name][key] = value
            events.append((version, name, text({"type": kind, "object": value})))
        elif "delete" in command:
            name = command["delete"]
            version += 1
            value = objects[name].pop(command["name"])
            value["metadata"]["resourceVersion"] = str(version)
            events.append((version, name, text({"type": "DELETED", "object": value})))
        elif "forget" in command:
            version += 1
            oldest = version
        elif "fault" in command:
            faults += [command["fault"]] * command.get("count", 1)
        elif "send" in command:
            version += 1
            events.append((version, command["send"], command["line"].encode()))
        elif "bookmark" in command:
            name = command["bookmark"]
            version += 1
            mark = {"kind": KINDS[name], "metadata": {"resourceVersion": str(version)}}
            events.append((version, name, text({"type": "BOOKMARK", "object": mark})))
        elif "token" in command:
            token = command["token"]
        elif "requests" in command:
            answer = json.dumps(requests)
            requests.clear()
        lock.notify_all()
    if command.get("down") is True:
        server.shutdown()
        server.server_close()
        for connection in list(connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
    elif command.get("down") is False:
        server = serve(port)
    print(answer, flush=True)
