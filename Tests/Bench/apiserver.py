#!/usr/bin/env python3
"""A Kubernetes API server that has one list of each collection, and changes that it is told, over TLS.

usage: apiserver.py CERTIFICATE KEY DIRECTORY

Prints its port. Answers a list with DIRECTORY/COLLECTION.json, and a watch with the lines of standard input, each
`COLLECTION EVENT`, and with bookmarks. Ends with its standard input.
"""
import http.server, os, ssl, sys, threading, urllib.parse

# Seconds: without them, a client takes its watch for dead.
BOOKMARKS = 20
KINDS = {"services": "Service", "endpointslices": "EndpointSlice", "nodes": "Node"}
changed = threading.Condition()
changes = {name: [] for name in KINDS}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        name = url.path.rsplit("/", 1)[1]
        if name not in KINDS:
            self.send_error(404)
        elif "watch=1" in url.query:
            self.watch(name)
        else:
            self.list(name)

    def list(self, name):
        path = os.path.join(sys.argv[3], name + ".json")
        body = b'{"kind":"%sList","metadata":{"resourceVersion":"1"},"items":[]}' % KINDS[name].encode()
        size = os.path.getsize(path) if os.path.exists(path) else len(body)
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if not os.path.exists(path):
            self.wfile.write(body)
            return
        with open(path, "rb") as file:
            while part := file.read(1 << 16):
                self.wfile.write(part)

    def watch(self, name):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        position = 0
        while True:
            with changed:
                changed.wait_for(lambda: position < len(changes[name]), BOOKMARKS)
                lines = changes[name][position:]
            position += len(lines)
            if not lines:
                lines = [b'{"type":"BOOKMARK","object":{"kind":"%s","metadata":{"resourceVersion":"1"}}}'
                         % KINDS[name].encode()]
            for line in lines:
                self.wfile.write(b"%x\r\n%s\n\r\n" % (len(line) + 1, line))
            self.wfile.flush()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
for line in sys.stdin.buffer:
    name, _, event = line.rstrip(b"\n").partition(b" ")
    with changed:
        changes[name.decode()].append(event)
        changed.notify_all()
