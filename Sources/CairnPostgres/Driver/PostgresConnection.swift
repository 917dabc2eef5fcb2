// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Dispatch
internal import Glibc

/// One connection to a server, which works on a thread of its own: libpq waits, and the threads
/// that answer requests must not.
actor PostgresConnection {
    private let queue: QueueExecutor
    private var handle: Handle?

    private var connection: OpaquePointer? { handle?.connection }

    nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    private let onNotice: @Sendable (String) -> Void

    /// Makes a connection that is not open; `onNotice` is told what the server says beside.
    init(onNotice: @escaping @Sendable (String) -> Void = { _ in }) {
        queue = QueueExecutor(label: "cairn.postgres")
        self.onNotice = onNotice
    }

    /// Connects.
    ///
    /// `target` is a URL or words of libpq; what it does not say, the environment does, as libpq
    /// reads it.
    func open(_ target: String) throws(PostgresFailure) {
        // What comes later is stronger.
        let keys = [
            "connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval",
            "keepalives_count", "dbname", "client_encoding",
        ]
        let values = ["5", "10000", "5", "2", "3", target, "UTF8"]
        guard Self.isWellFormed(target) else {
            // libpq would say what is wrong with it, password and all.
            throw PostgresFailure(
                state: nil,
                message: "the URL of the database is malformed",
                isDisconnected: true
            )
        }
        handle = keys.withCStrings { keys in
            values.withCStrings { values in
                Handle(PQconnectdbParams(keys, values, 1), onNotice)
            }
        }
        guard let connection, PQstatus(connection) == CONNECTION_OK else {
            throw failure(nil)
        }
        PQsetnonblocking(connection, 1)
        try runScript(Self.settings)
    }

    /// What holds on every connection, and what no statement relies on: a pooler in between may
    /// give each transaction another one.
    ///
    /// Each statement asks by an index for some rows, whatever the statistics say of tables that
    /// have just begun to grow.
    private static let settings = """
        SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET jit = off;
        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
        SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1;
        """

    /// Whether libpq can read where the database is.
    private static func isWellFormed(_ target: String) -> Bool {
        guard target.contains("=") || target.contains("://") else { return true }
        guard let options = PQconninfoParse(target, nil) else { return false }
        PQconninfoFree(options)
        return true
    }

    /// Whether the connection is open, as far as this end knows.
    var isOpen: Bool { connection.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// Whether the server has not closed the connection while it was at rest.
    var isAlive: Bool {
        // A server that ends a connection says why, and the end itself comes after that.
        isOpen && PQconsumeInput(connection) == 1 && PQconsumeInput(connection) == 1 && isOpen
    }

    /// Closes it.
    func close() {
        handle = nil
    }

    /// How long an answer may take that the server's own limits should have ended before.
    static let patience = Duration.seconds(40)

    /// Carries one statement out and returns its rows.
    @discardableResult
    func run(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        within patience: Duration? = patience
    ) throws(PostgresFailure) -> PostgresRows {
        try send(sql, parameters)
        guard let rows = try rows(within: patience).first else { throw failure(nil) }
        return rows
    }

    /// Carries statements out one after another in one round trip, and returns the rows of each;
    /// after one that fails none is carried out.
    func run(
        together statements: [(sql: String, parameters: [PostgresValue])]
    ) throws(PostgresFailure) -> [PostgresRows] {
        guard PQenterPipelineMode(connection) == 1 else { throw failure(nil) }
        for (sql, parameters) in statements { try send(sql, parameters) }
        guard PQpipelineSync(connection) == 1 else { throw failure(nil) }
        let results = Result { () throws(PostgresFailure) in
            try rows(ofStatements: statements.count, within: Self.patience)
        }
        // What ends the pipeline is a result of its own.
        if isOpen { _ = try nextRows(within: Self.patience) }
        guard PQexitPipelineMode(connection) == 1 else { throw failure(nil) }
        return try results.get()
    }

    /// Carries out a text of several statements, without parameters.
    func runScript(
        _ sql: String,
        within patience: Duration? = patience
    ) throws(PostgresFailure) {
        guard PQsendQuery(connection, sql) == 1 else { throw failure(nil) }
        _ = try rows(within: patience)
    }

    private func send(_ sql: String, _ parameters: [PostgresValue]) throws(PostgresFailure) {
        let isSent = EncodedParameters(parameters).withCArrays {
            count,
            types,
            values,
            lengths,
            formats in
            PQsendQueryParams(connection, sql, count, types, values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw failure(nil) }
    }

    /// The rows of each statement that was sent, to the end of them all, or the first failure.
    private func rows(
        ofStatements count: Int = 1,
        within patience: Duration?
    ) throws(PostgresFailure) -> [PostgresRows] {
        var results: [PostgresRows] = []
        var failed: PostgresRows?
        for _ in 0..<count {
            // The rows of one statement end with an empty result; a lost connection has no end.
            while let rows = try nextRows(within: patience) {
                if rows.isGood { results.append(rows) } else { failed = failed ?? rows }
                guard isOpen else { throw failure(failed) }
            }
        }
        if let failed { throw failure(failed) }
        guard handle?.isUnreplicated != true else {
            throw giveUp("the wait for a synchronous standby was cancelled")
        }
        return results
    }

    /// The next rows of what was sent, or nil at a statement's end.
    private func nextRows(within patience: Duration?) throws(PostgresFailure) -> PostgresRows? {
        try awaitAnswer(until: patience.map { ContinuousClock.now + $0 })
        return PQgetResult(connection).map { PostgresRows($0) }
    }

    /// Closes the connection, of which nobody knows what it did.
    private func giveUp(_ reason: String) -> PostgresFailure {
        close()
        return PostgresFailure(state: nil, message: reason, isDisconnected: true)
    }

    /// Sends what waits to be sent, and waits until there is something to be read; a server that
    /// says nothing for too long is given up.
    private func awaitAnswer(until deadline: ContinuousClock.Instant?) throws(PostgresFailure) {
        while true {
            let unsent = PQflush(connection)
            guard unsent >= 0 else { throw failure(nil) }
            if unsent == 0, PQisBusy(connection) == 0 { return }
            let rest = deadline.map { ContinuousClock.now.duration(to: $0) / .milliseconds(1) }
            guard rest.map({ $0 > 0 }) ?? true else {
                throw giveUp("the server does not answer")
            }
            var descriptor = pollfd(
                fd: PQsocket(connection),
                events: Int16(unsent == 0 ? POLLIN : POLLIN | POLLOUT),
                revents: 0
            )
            poll(&descriptor, 1, rest.map { Int32($0.rounded(.up)) } ?? -1)
            guard PQconsumeInput(connection) == 1 else { throw failure(nil) }
        }
    }

    /// Carries out what `body` does in one transaction, all of it or nothing.
    func transaction<Value>(
        _ mode: String = "",
        _ body: (isolated PostgresConnection) throws -> Value
    ) throws -> Value {
        // Who stops in the middle holds nobody up for longer than that.
        try runScript("BEGIN \(mode); SET LOCAL idle_in_transaction_session_timeout = '5s'")
        do {
            let value = try body(self)
            try run("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Waits until somebody notifies a channel that is listened to, or for so long; returns whether
    /// somebody did.
    func waitForNotification(milliseconds: Int32) throws(PostgresFailure) -> Bool {
        guard let connection, isOpen else { throw failure(nil) }
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, milliseconds)
        guard PQconsumeInput(connection) == 1 else { throw failure(nil) }
        var isNotified = false
        while let notification = PQnotifies(connection) {
            PQfreemem(notification)
            isNotified = true
        }
        return isNotified
    }

    /// Takes back what a transaction did that failed; a connection that cannot is of no use.
    func rollBack() {
        if let connection, PQpipelineStatus(connection) != PQ_PIPELINE_OFF,
            PQexitPipelineMode(connection) != 1
        {
            close()
        }
        if (try? run("ROLLBACK")) == nil { close() }
    }

    private func failure(_ rows: PostgresRows?) -> PostgresFailure {
        let text = connection.flatMap { PQerrorMessage($0) }.map { String(cString: $0) }
        return PostgresFailure(
            state: rows?.state,
            message: rows?.message ?? text ?? "there is no connection",
            isDisconnected: !isOpen
        )
    }
}

/// What libpq knows of a connection, until nobody holds it.
private final class Handle {
    let connection: OpaquePointer?
    /// Whether a commit came to an end without the standby that it waited for: the server says so in
    /// a warning, and calls it done.
    private(set) var isUnreplicated = false
    private let onNotice: @Sendable (String) -> Void

    init(_ connection: OpaquePointer?, _ onNotice: @escaping @Sendable (String) -> Void) {
        self.connection = connection
        self.onNotice = onNotice
        let own = Unmanaged.passUnretained(self).toOpaque()
        PQsetNoticeReceiver(
            connection,
            { own, notice in
                guard let own else { return }
                Unmanaged<Handle>.fromOpaque(own).takeUnretainedValue().hear(notice)
            },
            own
        )
    }

    private func hear(_ notice: OpaquePointer?) {
        // The text is in the server's language; where it comes from is not.
        let source = PQresultErrorField(notice, Int32(UInt8(ascii: "R"))).map {
            String(cString: $0)
        }
        if source == "SyncRepWaitForLSN" { isUnreplicated = true }
        if let text = PQresultErrorMessage(notice) { onNotice(String(cString: text)) }
    }

    deinit {
        PQfinish(connection)
    }
}

/// Carries the work of one actor out on a queue of its own.
private final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// Parameters of a statement as libpq takes them, all values in one piece of memory.
private struct EncodedParameters {
    private let types: [UInt32]
    private let lengths: [Int32]
    private let formats: [Int32]
    private let starts: [Int?]
    private let memory: [UInt8]

    init(_ parameters: [PostgresValue]) {
        types = parameters.map(\.type)
        lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        formats = [Int32](repeating: 1, count: parameters.count)
        var memory: [UInt8] = []
        memory.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        starts = parameters.map { parameter -> Int? in
            guard let bytes = parameter.bytes else { return nil }
            defer { memory += bytes }
            return memory.count
        }
        memory.append(0)
        self.memory = memory
    }

    func withCArrays<Value>(
        _ body: (
            Int32, [UInt32], [UnsafePointer<CChar>?], [Int32], [Int32]
        ) -> Value
    ) -> Value {
        memory.withUnsafeBytes { bytes in
            let base = bytes.bindMemory(to: CChar.self).baseAddress
            let values = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            return body(Int32(types.count), types, values, lengths, formats)
        }
    }
}

extension [String] {
    /// Runs `body` with the texts as C takes a list of them.
    fileprivate func withCStrings<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        var memory: [UInt8] = []
        let starts = map { text -> Int in
            defer { memory += Swift.Array<UInt8>(text.utf8) + CollectionOfOne(0) }
            return memory.count
        }
        return memory.withUnsafeBytes { memory in
            let base = memory.bindMemory(to: CChar.self).baseAddress
            var pointers = starts.map { start in base.map { UnsafePointer($0.advanced(by: start)) }
            }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { pointers in
                guard let first = pointers.baseAddress else { preconditionFailure("a list ends") }
                return body(first)
            }
        }
    }
}
