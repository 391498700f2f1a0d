#!/usr/bin/env python3
"""A Kubernetes API server's manners, for tests: lists in pages, watches, tokens, and faults on demand, over TLS.

usage: apiserver.py CERTIFICATE KEY TOKEN [ADDRESS]

Prints its port, and then takes commands from standard input, one JSON object a line, each answered by "ok":

    {"set": "services", "object": {...}}      add or change an object
    {"delete": "services", "name": "ns/n"}    remove one
    {"refuse": "403"}                         the next writing fails with an HTTP status
    {"written": true}                         answer with the objects that were written, as a list
    {"forget": true}                          answer 410 for every version until now
    {"fault": "429", "count": 3}              the next requests fail: an HTTP status, "cut", "error410", "mute"
                                              for a watch that gives nothing, or "expire", for the next one that
                                              continues a list
    {"send": "services", "line": "..."}       a raw line to every watch of the collection, "count" times
    {"bookmark": "services"}                  a bookmark to every watch of the collection
    {"down": true}                            close the port and every connection; false opens it again
    {"token": "..."}                          accept this one from now on
    {"cached": true}                          answer lists of version 0 in one page, as a server with a cache does
    {"lie": "kind:SecretList"}                answer every list in that way from now on, see LIES; null: honestly
    {"tls": "1.1"}                            speak this version of TLS and no other from now on
    {"requests": true}                        the paths that were asked for since the last time
    {"headers": true}                         the headers of the last request

Ends with its standard input.
"""
import gzip, http.server, json, socket, ssl, sys, threading, time, urllib.parse

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
written = []
refusals = []
headers = {}
lie = None
cached = False
API = {"services": "v1", "endpointslices": "discovery.k8s.io/v1", "nodes": "v1"}


def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


def selected(item, query):
    """Whether the selectors take an object: of labels, KEY=VALUE and !KEY; of fields, PATH=VALUE and PATH!=VALUE."""
    labels = item["metadata"].get("labels", {})
    for term in filter(None, query.get("labelSelector", "").split(",")):
        key, _, value = term.partition("=")
        if key[1:] in labels if term[0] == "!" else labels.get(key) != value:
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, wanted = term.partition("=")
        found = item
        for step in path.rstrip("!").split("."):
            found = found.get(step, {})
        if (found == wanted) == path.endswith("!"):
            return False
    return True


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
            headers.clear()
            headers.update(self.headers)
            # A list expires as it is continued, whatever else is asked for before that.
            waits = faults and faults[0] == "expire" and "continue" not in query
            fault = faults.pop(0) if faults and not waits else None
        if self.headers.get("Authorization") != "Bearer " + token:
            return self.status(401, "Unauthorized")
        if fault and fault.isdigit():
            return self.status(int(fault), "storm " + fault, [("Retry-After", "0")])
        if name not in objects:
            return self.status(404, "not found")
        try:
            if lie and "watch" not in query:
                self.close_connection = True
                return self.tell_lie(name, query)
            (self.watch if "watch" in query else self.list)(name, query, fault)
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def write(self):
        """Takes a new object, or a change of one; the command "written" tells of all of them."""
        length = int(self.headers.get("Content-Length", "0"))
        body, path = self.rfile.read(length), urllib.parse.urlsplit(self.path).path
        if self.headers.get("Authorization") != "Bearer " + token:
            return self.status(401, "Unauthorized")
        with lock:
            fault = refusals.pop(0) if refusals else None
            value = json.loads(body)
            name = path if self.command == "PATCH" else path + "/" + value["metadata"]["name"]
            is_known = any(entry["path"] == name for entry in written)
            if not fault and is_known == (self.command == "PATCH"):
                written.append({"method": self.command, "path": name, "type": self.headers["Content-Type"],
                                "object": value})
        if fault:
            return self.status(int(fault), "storm " + fault)
        if is_known != (self.command == "PATCH"):
            return self.status(404 if self.command == "PATCH" else 409, "no such object, or there is one")
        self.send_response(200 if self.command == "PATCH" else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PATCH = write

    def list(self, name, query, fault):
        with lock:
            items = [item for item in sorted(objects[name].items()) if selected(item[1], query)]
            now = version
        start = 0
        if "continue" in query:
            if not query["continue"].startswith("from-"):
                return self.status(400, "invalid continue token")
            start = int(query["continue"].split("-")[1])
        if start and fault == "expire":
            return self.status(410, "the provided continue parameter is too old")
        limit = int(query.get("limit", "0")) or len(items) or 1
        if cached and query.get("resourceVersion") == "0":
            limit = len(items) or 1
        page = [item for _, item in items[start:start + limit]]
        metadata = {"resourceVersion": str(now)}
        if start + limit < len(items):
            metadata["continue"] = "from-%d" % (start + limit)
        body = text({"kind": KINDS[name] + "List", "apiVersion": API[name], "metadata": metadata, "items": page})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "cut":
            self.wfile.write(body[:len(body) // 2])
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(body)

    def tell_lie(self, name, query):
        what, _, value = lie.partition(":")
        LIES[what](self, name, value, query)

    def raw(self, *parts):
        for part in parts:
            self.wfile.write(part if isinstance(part, bytes) else part.encode())
        self.wfile.flush()

    def body(self, data, *headers, status="200 OK"):
        head = "".join(line + "\r\n" for line in ("HTTP/1.1 " + status,) + headers)
        self.raw(head, "Content-Length: %d\r\n\r\n" % len(data), data)

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
                if collection != name or fault == "mute":
                    continue
                if fault == "cut":
                    self.chunk(line[:len(line) // 2])
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.chunk(line + b"\n")


def service(number):
    ip = "10.96.%d.%d" % (number // 250 % 256, number % 250 + 1)
    return {"metadata": {"name": "s%d" % number, "namespace": "default"},
            "spec": {"clusterIP": ip, "clusterIPs": [ip], "ports": [{"port": 80}]}}


def listing(name, items=(), **changes):
    """A list that is right but for the changes; None leaves something out."""
    value = {"kind": KINDS[name] + "List", "apiVersion": API[name], "metadata": {"resourceVersion": "1"}}
    value["items"] = list(items)
    value.update(changes)
    return text({key: what for key, what in value.items() if what is not None})


def forever(write, *parts):
    while True:
        write(*parts)


def trickle(handler, first, rest):
    handler.raw(first)
    while True:
        handler.raw(rest)
        time.sleep(1)


CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def page_of(handler, name, value, query):
    """A page of so many MiB of Services."""
    block = b"," + b",".join(text(service(number)) for number in range(2000))
    head = listing(name, [service(1)])[:-2]
    handler.raw(CHUNKED)
    handler.chunk(head)
    for _ in range((int(value) << 20) // len(block)):
        handler.chunk(block)
    handler.chunk(b"]}")
    handler.raw("0\r\n\r\n")


def numbers(handler, name, value, query):
    """Items that are small in text and large as trees."""
    item = b'{"metadata":{"name":"a","namespace":"b"},"x":[' + b"0," * 4900000 + b"0]}"
    handler.body(listing(name)[:-2] + b",".join([item] * int(value)) + b"]}")


def endless(handler, name, value, query):
    first = 1 + int(query.get("continue", "-0").split("-")[1])
    token = "same-0" if value == "same" else "go-%d" % (first + 499)
    items = [service(number) for number in range(first, first + 500)]
    handler.body(listing(name, items, metadata={"resourceVersion": "1", "continue": token}))


def never_ends(handler, name, value, query):
    handler.raw(CHUNKED)
    handler.chunk(listing(name))
    time.sleep(1000)


LIES = {
    "kind": lambda h, n, v, q: h.body(listing(n, kind=v)),
    "late-kind": lambda h, n, v, q: h.body(text({"items": [], "metadata": {"resourceVersion": "1"}, "kind": v})),
    "status": lambda h, n, v, q: h.body(text({"kind": "Status", "metadata": {}, "message": v, "code": 200})),
    "item-kind": lambda h, n, v, q: h.body(listing(n, [dict(service(1), kind=v)])),
    "body": lambda h, n, v, q: h.body(v.encode()),
    "type": lambda h, n, v, q: h.body(listing(n), "Content-Type: " + v),
    "two": lambda h, n, v, q: h.body(listing(n) + listing(n)),
    "encoded": lambda h, n, v, q: h.body(gzip.compress(b" " * (1 << 28)), "Content-Encoding: " + v),
    "transferred": lambda h, n, v, q: h.raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", gzip.compress(b" " * (1 << 28))),
    "compressed": lambda h, n, v, q: h.body(gzip.compress(listing(n))),
    "redirect": lambda h, n, v, q: h.body(b"", "Location: " + v, status="307 Temporary Redirect"),
    "error": lambda h, n, v, q: h.body(text({"kind": "Status", "message": v * 100000}), status="403 Forbidden"),
    "version": lambda h, n, v, q: h.body(listing(n, metadata={"resourceVersion": json.loads(v)})),
    "token": lambda h, n, v, q: h.body(listing(n, metadata={"resourceVersion": "1", "continue": "x" * int(v)})),
    "endless": endless,
    "page": page_of,
    "numbers": numbers,
    "never-ends": never_ends,
    "silent": lambda h, n, v, q: time.sleep(1000),
    "trickle": lambda h, n, v, q: trickle(h, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "slow-head": lambda h, n, v, q: trickle(h, "HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
    "huge-head": lambda h, n, v, q: (h.raw("HTTP/1.1 200 OK\r\n"), forever(h.raw, "X-A: %s\r\n" % ("a" * 5000))),
    "huge-line": lambda h, n, v, q: (h.raw("HTTP/1.1 200 OK\r\nX-A: "), forever(h.raw, b"a" * 50000)),
    "interim": lambda h, n, v, q: forever(h.raw, b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "http10": lambda h, n, v, q: h.raw("HTTP/1.0 200 OK\r\n\r\n", listing(n, [service(1)])),
    "http10-cut": lambda h, n, v, q: h.raw("HTTP/1.0 200 OK\r\n\r\n", listing(n, [service(1)])[:-3]),
    "http09": lambda h, n, v, q: h.raw(listing(n)),
    "long": lambda h, n, v, q: h.raw("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", listing(n)),
    "chunk": lambda h, n, v, q: h.raw(CHUNKED, "ffffffffffffffffffff\r\n{}"),
    "later": lambda h, n, v, q: h.body(b"", "Retry-After: 99999999999999999999", status="429 Too Many"),
    "code": lambda h, n, v, q: h.body(b"", status=v + " X"),
}


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


# Nobody else gets the port while it is closed: this socket has it too, and never listens.
holder = socket.socket()
holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
holder.bind(("127.0.0.1", 0))
port = holder.getsockname()[1]
server = serve(port)
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
            line = command["line"].encode()
            events.append((version, command["send"], (line + b"\n") * (command.get("count", 1) - 1) + line))
        elif "bookmark" in command:
            name = command["bookmark"]
            version += 1
            mark = {"kind": KINDS[name], "metadata": {"resourceVersion": str(version)}}
            events.append((version, name, text({"type": "BOOKMARK", "object": mark})))
        elif "cached" in command:
            cached = command["cached"]
        elif "lie" in command:
            lie = command["lie"]
        elif "tls" in command:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = getattr(ssl.TLSVersion, "TLSv" + command["tls"].replace(".", "_"))
        elif "headers" in command:
            answer = json.dumps(headers)
        elif "token" in command:
            token = command["token"]
        elif "refuse" in command:
            refusals.append(command["refuse"])
        elif "written" in command:
            answer = json.dumps(written)
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
