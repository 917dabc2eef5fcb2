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

    /// Carries one statement out and returns its rows.
    @discardableResult
    func run(
        _ sql: String,
        _ parameters: [PostgresValue] = []
    ) throws(PostgresFailure) -> PostgresRows {
        guard let connection else { throw failure(nil) }
        let rows = PostgresRows(
            EncodedParameters(parameters).withCArrays { count, types, values, lengths, formats in
                PQexecParams(connection, sql, count, types, values, lengths, formats, 1)
            }
        )
        guard rows.isGood else { throw failure(rows) }
        return rows
    }

    /// Carries statements out one after another in one round trip, and returns the rows of each;
    /// after one that fails none is carried out.
    func run(
        together statements: [(sql: String, parameters: [PostgresValue])]
    ) throws(PostgresFailure) -> [PostgresRows] {
        guard let connection, PQenterPipelineMode(connection) == 1 else { throw failure(nil) }
        for (sql, parameters) in statements {
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
        guard PQpipelineSync(connection) == 1 else { throw failure(nil) }
        var results: [PostgresRows] = []
        var failed: PostgresRows?
        for _ in statements {
            // The rows of one statement end with an empty result; a lost connection has no end.
            while let result = PQgetResult(connection) {
                let rows = PostgresRows(result)
                if rows.isGood { results.append(rows) } else { failed = failed ?? rows }
                guard isOpen else { throw failure(failed) }
            }
        }
        PQclear(PQgetResult(connection))
        guard failed == nil, results.count == statements.count else { throw failure(failed) }
        guard PQexitPipelineMode(connection) == 1 else { throw failure(nil) }
        return results
    }

    /// Carries out a text of several statements, without parameters.
    func runScript(_ sql: String) throws(PostgresFailure) {
        guard let connection else { throw failure(nil) }
        let rows = PostgresRows(PQexec(connection, sql))
        guard rows.isGood else { throw failure(rows) }
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
    private let onNotice: @Sendable (String) -> Void

    init(_ connection: OpaquePointer?, _ onNotice: @escaping @Sendable (String) -> Void) {
        self.connection = connection
        self.onNotice = onNotice
        let own = Unmanaged.passUnretained(self).toOpaque()
        PQsetNoticeProcessor(
            connection,
            { own, message in
                guard let own, let message else { return }
                Unmanaged<Handle>.fromOpaque(own).takeUnretainedValue()
                    .onNotice(String(cString: message))
            },
            own
        )
    }

    deinit {
        PQfinish(connection)
    }
}

/// The rows of a statement, in the binary form of their columns.
final class PostgresRows {
    private let result: OpaquePointer?

    fileprivate init(_ result: OpaquePointer?) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    fileprivate var isGood: Bool {
        let status = PQresultStatus(result)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
    }

    fileprivate var state: String? {
        PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
    }

    fileprivate var message: String? {
        PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
    }

    /// How many there are.
    var count: Int { Int(PQntuples(result)) }

    /// How many rows a statement changed that returns none.
    var changedCount: Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(result, Int32(row), Int32(column)) == 1
    }

    func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        guard let value = PQgetvalue(result, Int32(row), Int32(column)) else { return [] }
        let count = Int(PQgetlength(result, Int32(row), Int32(column)))
        return Array(UnsafeRawBufferPointer(start: value, count: count))
    }

    func text(_ row: Int, _ column: Int) -> String {
        String(decoding: bytes(row, column), as: UTF8.self)
    }

    /// A column of type `int8`.
    func integer(_ row: Int, _ column: Int) -> Int64 {
        bytes(row, column).reduce(0) { $0 << 8 | Int64($1) }
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
