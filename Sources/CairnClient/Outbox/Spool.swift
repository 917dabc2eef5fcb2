// SPDX-License-Identifier: Apache-2.0

internal import Cairn
internal import CairnAPI
internal import Logging

/// Events that wait on disk, in the order they came, and the numbers they are given.
actor Spool {
    /// What is sent together at most, in bytes.
    private static let bulkBytes = 2 << 20

    /// Told when something is added.
    nonisolated let arrivals = BoundedQueue<Void>(limit: 1)
    nonisolated let options: SpoolOptions
    private let executor = QueueExecutor(label: "cairn.spool")
    private var files: SpoolFiles?
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

    /// Opens a folder; what waits there from before is sent first.
    init(_ options: SpoolOptions, logger: Logger) throws(ClientError) {
        self.options = options
        do {
            let files = try SpoolFiles.open(options)
            for damage in files.damage {
                logger.critical(
                    "a part of the spool cannot be read and was set aside",
                    metadata: ["file": "\(damage.file)", "bytes": "\(damage.bytes)"]
                )
            }
            self.files = consume files
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(
                .spoolFailed,
                "the spool \(options.folder) cannot be opened; check its owner, mode and disk",
                cause: error
            )
        }
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
            let closed = ClientError(.spoolFailed, "the recorder is closed")
            for item in batch { item.continuation.resume(returning: closed) }
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
    func oldest() throws(ClientError) -> [[UInt8]] {
        do throws(DiskFailure) {
            return try files?.oldest(options.bulkEvents, bytes: Spool.bulkBytes) ?? []
        } catch {
            throw failed(error)
        }
    }

    /// Takes note that the oldest events are in the ledger, or refused for good.
    func settle(_ payloads: [[UInt8]], rejecting lines: [[UInt8]]) throws(ClientError) {
        do throws(DiskFailure) {
            // First where they go, then that they went.
            for line in lines { try files?.reject(line) }
            try files?.settle(payloads)
        } catch {
            throw failed(error)
        }
    }

    /// Lets go of the folder.
    func close() {
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
