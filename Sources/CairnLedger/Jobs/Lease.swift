// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// A job that a worker has taken, until somebody else changes it or its time is over.
actor Lease {
    /// Somebody else has the job, or it was called off.
    struct Lost: Error {}

    /// How long a job is nobody else's, and how often that is prolonged.
    static let length = Duration.seconds(30)
    static let renewal = Duration.seconds(8)

    private let queue: any JobQueue
    private let now: @Sendable () -> Timestamp
    private var queued: QueuedJob
    /// What a change wrote of which nobody knows whether it was kept.
    private var doubtful: [UInt8]?
    // Changes follow each other, whoever asks for them.
    private let turn = Turn()

    init(_ queued: QueuedJob, queue: any JobQueue, now: @escaping @Sendable () -> Timestamp) {
        self.queued = queued
        self.queue = queue
        self.now = now
    }

    /// Keeps what there is to know of the job, and has it for longer.
    func keep(_ document: [UInt8]) async throws {
        try await change(document, .taken, due: now().advanced(by: Lease.length))
    }

    /// Has the job for longer.
    func renew() async throws {
        try await change(nil, .taken, due: now().advanced(by: Lease.length))
    }

    /// Gives the job back, to be taken again then, with what there is to know of it if that changed.
    func release(
        as phase: QueuedJob.Phase,
        due: Timestamp,
        keeping document: [UInt8]? = nil
    ) async throws {
        try await change(document, phase, due: due)
    }

    /// Forgets the job.
    func forget() async throws {
        await turn.begin()
        defer { turn.end() }
        _ = try await queue.remove(queued.id, kind: queued.kind, expecting: queued.document)
    }

    private func change(
        _ document: [UInt8]?,
        _ phase: QueuedJob.Phase,
        due: Timestamp
    ) async throws {
        await turn.begin()
        defer { turn.end() }
        var next = queued
        (next.phase, next.due) = (phase, due)
        if let document { next.document = document }
        do {
            var isKept = try await queue.replace(next, expecting: queued.document)
            if !isKept, let doubtful {
                isKept = try await queue.replace(next, expecting: doubtful)
            }
            guard isKept else { throw Lost() }
        } catch let error as StoreError {
            doubtful = next.document
            throw error
        }
        (queued, doubtful) = (next, nil)
    }
}

extension Lease {
    /// Does something long while the job is had for longer and longer, and is kept as it then is.
    nonisolated func hold<Value: Sendable>(
        every pause: Duration = Lease.renewal,
        keeping document: @escaping @Sendable () -> [UInt8]? = { nil },
        while body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                var failures = 0
                while true {
                    try await Task.sleep(for: pause)
                    do {
                        if let document = document() {
                            try await self.keep(document)
                        } else {
                            try await self.renew()
                        }
                        failures = 0
                    } catch  where !(error is Lost) && failures < 2 {
                        // The job is this worker's a little longer.
                        failures += 1
                    }
                }
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}

extension Timestamp {
    /// A time so much later.
    func advanced(by duration: Duration) -> Timestamp {
        Timestamp(
            nanoseconds: nanoseconds + duration.components.seconds * 1_000_000_000
                + duration.components.attoseconds / 1_000_000_000
        )
    }
}
