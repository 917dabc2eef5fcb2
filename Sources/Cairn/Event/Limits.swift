// SPDX-License-Identifier: Apache-2.0

/// The limits of an event, in bytes of UTF-8 unless a name says otherwise.
public struct Limits: Sendable, Equatable {
    /// The whole event, as sent.
    public var eventBytes = 1 << 20
    /// Each of `details`, `change.before` and `change.after`, in canonical form.
    public var documentBytes = 256 << 10
    /// How deep those three may nest.
    public var documentDepth = 32
    /// Identifiers: of actors, sessions, resources, requests, and the caller's own.
    public var identifierBytes = 256
    /// The words of an action.
    public var actionBytes = 256
    /// Names of actors and resources, and addresses.
    public var nameBytes = 1024
    /// The user agent.
    public var userAgentBytes = 2048
    /// The description.
    public var descriptionBytes = 4096
    /// How many resources one event may name.
    public var resourceCount = 32
    /// How far the caller's clock may be ahead of the server's.
    public var aheadMilliseconds: Int64 = 600_000

    /// The limits that hold unless an operator sets others.
    public init() {}
}
