import Glibc

/// Real servers in a namespace of their own, which two directors watch: the scenario's own namespace and another.
///
/// Each real server does what the file with its address and port says. Those of port 53 answer questions of DNS by UDP.
final class CheckedServers {
    /// What a real server does.
    enum Behaviour: String {
        case well
        /// Nothing listens.
        case refused
        /// It accepts, and never answers.
        case hanging
        /// It answers 500, or SERVFAIL.
        case failing
        /// It answers 200 with another body.
        case wrong
    }

    static let addresses = ["10.9.0.1", "10.9.0.2", "10.9.0.3", "10.9.0.9", "fd00:9::1", "fd00:9::2"]

    let witness: PrivateNamespace
    private let machines: PrivateNamespace
    private let context: Context
    private let program: RunningCommand

    init(_ context: Context) throws {
        self.context = context
        let (witness, machines) = (try PrivateNamespace(), try PrivateNamespace())
        (self.witness, self.machines) = (witness, machines)
        for address in Self.addresses {
            for port in [53, 80] { try context.write(Behaviour.well.rawValue, to: Self.file(address, port)) }
        }
        try Self.connect(context, to: machines, "eth0", number: 1)
        try witness.inside { () throws(ScenarioFailure) in
            try context.run(["ip", "link", "set", "lo", "up"])
            try Self.connect(context, to: machines, "eth1", number: 2)
        }
        try context.write(Self.program, to: "servers.py")
        program = try machines.inside { () throws(ScenarioFailure) in
            try context.run(["ip", "link", "set", "lo", "up"])
            for address in Self.addresses { try Self.setAddress(context, address, "add") }
            return try Command(["python3", "\(context.directory)/servers.py", context.directory] + Self.addresses)
                .start()
        }
        try program.waitForText("listening")
    }

    func set(_ address: String, port: Int = 80, _ behaviour: Behaviour) throws(ScenarioFailure) {
        try expect(program.isRunning, program.error)
        // Never half a file.
        let path = try context.write(behaviour.rawValue, to: "behaviour")
        guard rename(path, "\(context.directory)/\(Self.file(address, port))") == 0 else {
            throw SystemCall.failure("rename")
        }
    }

    /// Lets what is sent to the address go nowhere, without a word, or arrive again.
    func setReachable(_ address: String, _ isReachable: Bool) throws(ScenarioFailure) {
        let context = context
        try machines.inside { () throws(ScenarioFailure) in
            try Self.setAddress(context, address, isReachable ? "add" : "del")
        }
    }

    private static func file(_ address: String, _ port: Int) -> String { "server-\(address)-\(port)" }

    private static func setAddress(_ context: Context, _ address: String, _ verb: String) throws(ScenarioFailure) {
        let prefix = address.contains(":") ? "128" : "32"
        let options = address.contains(":") && verb == "add" ? ["nodad"] : []
        try context.run(["ip", "address", verb, "\(address)/\(prefix)", "dev", "lo"] + options)
    }

    /// Connects the current namespace, a director's. What is for the real servers goes to their machine, which forwards
    /// nothing: what is for none of its addresses is dropped.
    private static func connect(
        _ context: Context, to machines: PrivateNamespace, _ peer: String, number: Int
    ) throws(ScenarioFailure) {
        try context.run(["ip", "link", "add", "servers", "type", "veth", "peer", peer, "netns", machines.path])
        try context.run(
            ["ip", "-batch", "-"],
            input: """
                address add 10.8.\(number).1/24 dev servers
                address add fd00:8:\(number)::1/64 dev servers nodad
                link set servers up
                route add 10.9.0.0/24 via 10.8.\(number).2 dev servers onlink
                route add fd00:9::/64 via fd00:8:\(number)::2 dev servers onlink

                """)
        _ = try machines.inside { () throws(ScenarioFailure) in
            try context.run(
                ["ip", "-batch", "-"],
                input: """
                    address add 10.8.\(number).2/24 dev \(peer)
                    address add fd00:8:\(number)::2/64 dev \(peer) nodad
                    link set \(peer) up

                    """)
        }
    }

    private static let program = """
        import socket, sys, threading, time

        def behaviour(address, port):
            return open(f"{sys.argv[1]}/server-{address}-{port}").read()

        def listen(address, kind, port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listener = socket.socket(family, kind)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND: the address comes and goes
            listener.bind((address, port))
            if kind == socket.SOCK_STREAM:
                listener.listen(64)
            listener.settimeout(0.02)
            return listener

        def answer(connection, address):
            try:
                connection.settimeout(10)
                if not connection.recv(4096):
                    return
                how = behaviour(address, 80)
                if how == "hanging":
                    time.sleep(30)
                status = "500 Internal Server Error" if how == "failing" else "200 OK"
                body = "ill\\n" if how == "wrong" else "well\\n"
                connection.sendall(
                    f"HTTP/1.1 {status}\\r\\nContent-Length: {len(body)}\\r\\nConnection: close\\r\\n\\r\\n{body}".encode())
            except OSError:
                pass
            finally:
                connection.close()

        def serve(address, kind, port, each):
            listener = listen(address, kind, port)
            ready.release()
            while True:
                refused = behaviour(address, port) == "refused"
                if refused and listener:
                    listener.close()
                    listener = None
                if refused:
                    time.sleep(0.02)
                    continue
                listener = listener or listen(address, kind, port)
                try:
                    each(listener, address)
                except socket.timeout:
                    pass

        def accept(listener, address):
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection, address), daemon=True).start()

        def resolve(listener, address):
            question, client = listener.recvfrom(512)
            how = behaviour(address, 53)
            if how == "hanging" or len(question) < 12:
                return
            end = question.find(b"\\0", 12) + 5
            flags = b"\\x81\\x82" if how == "failing" else b"\\x81\\x80"
            counts = b"\\0\\1\\0\\0\\0\\0\\0\\0" if how == "failing" else b"\\0\\1\\0\\1\\0\\0\\0\\0"
            record = b"" if how == "failing" else b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\xc0\\0\\2\\1"
            listener.sendto(question[:2] + flags + counts + question[12:end] + record, client)

        ready = threading.Semaphore(0)
        servers = [(address, socket.SOCK_STREAM, 80, accept) for address in sys.argv[2:]]
        servers += [(address, socket.SOCK_DGRAM, 53, resolve) for address in sys.argv[2:4]]
        for server in servers:
            threading.Thread(target=serve, args=server, daemon=True).start()
        for server in servers:
            ready.acquire()
        print("listening", flush=True)
        threading.Event().wait()

        """
}
