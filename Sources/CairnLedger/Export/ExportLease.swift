// SPDX-License-Identifier: Apache-2.0

internal import Cairn

/// An export that a worker has taken.
typealias ExportLease = Lease

extension Lease {
    /// Keeps how far an export is, and has it for longer.
    func keep(_ job: ExportJob) async throws {
        try await keep(job.document)
    }

    /// Gives an export back, to be taken again then.
    func release(_ job: ExportJob?, _ phase: QueuedJob.Phase, due: Timestamp) async throws {
        try await release(as: phase, due: due, keeping: job?.document)
    }
}
