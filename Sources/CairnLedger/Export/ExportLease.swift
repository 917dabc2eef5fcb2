// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// A job that a worker has taken, until somebody else changes it or its time is over.
actor ExportLease {
    /// Somebody else has the job, or it was called off.
    struct Lost: Error {}

    /// How long a job is nobody else's, and how often that is prolonged.
    static let length = Duration.seconds(30)
    static let renewal = Duration.seconds(8)

    private let queue: any JobQueue
    private let now: @Sendable () -> Timestamp
    private var queued: QueuedJob
    // Changes follow each other, whoever asks for them.
    private var isChanging = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ queued: QueuedJob, queue: any JobQueue, now: @escaping @Sendable () -> Timestamp) {
        self.queued = queued
        self.queue = queue
        self.now = now
    }

    /// Keeps how far the job is, and has it for longer.
    func keep(_ job: ExportJob) async throws {
        try await change(job.document, .taken, due: now().advanced(by: ExportLease.length))
    }

    /// Has the job for longer.
    func renew() async throws {
        try await change(nil, .taken, due: now().advanced(by: ExportLease.length))
    }

    /// Gives the job back, to be taken again then.
    func release(_ job: ExportJob?, _ phase: QueuedJob.Phase, due: Timestamp) async throws {
        try await change(job?.document, phase, due: due)
    }

    /// Forgets the job.
    func forget() async throws {
        await begin()
        defer { end() }
        _ = try await queue.remove(queued.id, kind: queued.kind, expecting: queued.document)
    }

    private func change(
        _ document: [UInt8]?,
        _ phase: QueuedJob.Phase,
        due: Timestamp
    ) async throws {
        await begin()
        defer { end() }
        var next = queued
        (next.phase, next.due) = (phase, due)
        if let document { next.document = document }
        guard try await queue.replace(next, expecting: queued.document) else { throw Lost() }
        queued = next
    }

    private func begin() async {
        while isChanging { await withCheckedContinuation { waiting.append($0) } }
        isChanging = true
    }

    private func end() {
        isChanging = false
        waiting.forEach { $0.resume() }
        waiting = []
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
