// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import Logging

/// Events that wait on disk, in the order they came, and the numbers they are given.
actor Spool {
    /// What is sent together at most, in bytes.
    private static let bulkBytes = 2 << 20
    /// How much longer an event is at most once it has its number: the member's name, the source's,
    /// and twenty digits.
    static let numberBytes = 128

    /// Told when something is added.
    nonisolated let arrivals = BoundedQueue<Void>(limit: 1)
    nonisolated let options: SpoolOptions
    private let executor = QueueExecutor(label: "cairn.spool")
    private let tally: Tally
    private let logger: Logger
    /// What keeps others out until the folder is read.
    private var lock: DiskFile?
    private var files: SpoolFiles?
    /// Why the folder could not be read.
    private var fault: ClientError?
    /// Events that are written together, next.
    private var waiting: [Waiting] = []

    private struct Waiting {
        let event: Event
        let isNumbered: Bool
        let continuation: CheckedContinuation<ClientError?, Never>
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Takes a folder; what waits there from before is sent first.
    ///
    /// It is read on the disk's own queue, before anything that is asked for later.
    init(_ options: SpoolOptions, tally: Tally, logger: Logger) throws(ClientError) {
        self.options = options
        self.tally = tally
        self.logger = logger
        try options.check()
        do {
            lock = try SpoolFiles.lock(options.folder)
        } catch {
            throw Spool.unopened(options.folder, error)
        }
        executor.later { self.assumeIsolated { $0.open() } }
    }

    /// Reads what waits in the folder.
    private func open() {
        guard let lock = lock.take() else { return }
        do {
            let files = try SpoolFiles.open(options, lock: lock)
            for damage in files.damage { tell(damage) }
            self.files = consume files
        } catch {
            let fault = Spool.unopened(options.folder, error)
            self.fault = fault
            logger.critical("the spool cannot be opened", metadata: ["code": "\(fault.code)"])
        }
    }

    private static func unopened(_ folder: String, _ error: any Error) -> ClientError {
        error as? ClientError
            ?? ClientError(
                .spoolFailed,
                "the spool \(folder) cannot be opened; check its owner, mode and disk",
                cause: error
            )
    }

    /// Counts and tells a part that cannot be read.
    private func tell(_ damage: SpoolDamage) {
        tally.add(\.damaged)
        logger.critical(
            "a part of the spool cannot be read and was set aside",
            metadata: ["file": "\(damage.file)", "bytes": "\(damage.bytes)"]
        )
    }

    /// How many events wait.
    var count: Int { files?.count ?? 0 }

    /// Whether none waits.
    var isEmpty: Bool { count == 0 }

    /// The name of the source whose events are numbered here.
    var source: String? { files?.source }

    // MARK: Adding

    /// Makes an event durable, together with those that wait at the same time.
    ///
    /// One without an identifier of its caller's own is given the source's name and next number,
    /// unless it must stay as it was sent before; a number that never arrives shows at the server.
    func append(_ event: Event, isNumbered: Bool) async throws(ClientError) {
        let failure = await withCheckedContinuation { continuation in
            waiting.append(
                Waiting(event: event, isNumbered: isNumbered, continuation: continuation)
            )
            guard waiting.count == 1 else { return }
            // Whoever asks while the disk works is written with the next.
            executor.later { self.assumeIsolated { $0.write() } }
        }
        if let failure { throw failure }
    }

    /// Writes the events that wait, and tells each what became of it.
    private func write() {
        let batch = waiting
        waiting = []
        guard let source = files?.source, var number = files?.nextNumber,
            var used = files?.usedBytes
        else {
            let reason = fault ?? ClientError(.spoolFailed, "the recorder is closed")
            for item in batch { item.continuation.resume(returning: reason) }
            return
        }
        var entries: [SpoolEntry] = []
        var taken: [Waiting] = []
        for item in batch {
            var event = item.event
            let isNumbered = item.isNumbered && event.externalID == nil
            if isNumbered { event.externalID = "\(source)/\(number)" }
            let entry = SpoolEntry(
                nextNumber: number + (isNumbered ? 1 : 0),
                payload: EventBody.bytes(of: event)
            )
            guard used + entry.count <= options.limitBytes else {
                item.continuation.resume(returning: full(used))
                continue
            }
            used += entry.count
            number = entry.nextNumber
            entries.append(entry)
            taken.append(item)
        }
        var failure: ClientError?
        do throws(DiskFailure) {
            try files?.append(entries)
        } catch {
            failure = failed(error)
        }
        for item in taken { item.continuation.resume(returning: failure) }
        // One who is awake already need not be woken.
        _ = arrivals.offer(())
    }

    private func full(_ used: Int) -> ClientError {
        ClientError(
            .spoolFull,
            "the spool \(options.folder) holds \(used) of \(options.limitBytes) bytes; bring the "
                + "server back, look at rejected.ndjson, or allow more"
        )
    }

    // MARK: Taking

    /// The oldest events that are not settled, as they were written.
    ///
    /// What cannot be read is set aside and told; it must not keep those behind it from being sent.
    func oldest() throws(ClientError) -> [[UInt8]] {
        if let fault { throw fault }
        do throws(DiskFailure) {
            while !isEmpty {
                let payloads = try files?.oldest(options.bulkEvents, bytes: Spool.bulkBytes) ?? []
                guard payloads.isEmpty else { return payloads }
                if let damage = try files?.passDamage() { tell(damage) }
            }
            return []
        } catch {
            throw failed(error)
        }
    }

    /// Takes note that the oldest events are in the ledger, or refused for good.
    func settle(_ payloads: [[UInt8]], rejecting lines: [[UInt8]]) throws(ClientError) {
        do throws(DiskFailure) {
            try files?.settle(payloads, rejecting: lines)
        } catch {
            throw failed(error)
        }
    }

    /// Lets go of the folder.
    func close() {
        lock = nil
        files = nil
    }

    private func failed(_ error: DiskFailure) -> ClientError {
        ClientError(
            .spoolFailed,
            "the spool \(options.folder) cannot be used; check the disk and its free space",
            cause: error
        )
    }
}
