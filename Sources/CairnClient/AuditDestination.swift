// SPDX-License-Identifier: Apache-2.0

public import Cairn

/// Where a recorder's events go, and where its questions are answered.
///
/// A destination tries once; when to try again is the recorder's business. An event that is
/// appended twice under one id is one record.
public protocol AuditDestination: Sendable {
    /// Records events in order; the result says of each, in that order, what became of it.
    ///
    /// A receipt is given only for what is durable.
    func append(_ events: [Event]) async -> [Result<Receipt, ClientError>]

    /// Answers a question.
    func page(_ query: AuditQuery) async -> Result<Page, ClientError>

    /// Does what must be done in the background, as long as the recorder runs, until the task is
    /// cancelled; nothing, unless the destination says otherwise.
    func run() async

    /// Lets go of connections and files; nothing is sent afterwards.
    func close() async
}

extension AuditDestination {
    /// Does nothing.
    public func run() async {}
}
