// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// How long the server waits for a client that is slow, or that means to be.
package struct ConnectionLimits: Sendable {
    /// How long the head of a request may take, in seconds.
    package var headSeconds = 10
    /// How long the body of a request may take that is no stream of events, in seconds.
    package var bodySeconds = 60
    /// How long nothing may come or be taken while the server waits for it, in seconds.
    package var idleSeconds = 120

    /// The limits that hold unless an operator sets others.
    package init() {}

    var head: TimeAmount { .seconds(Int64(headSeconds)) }
    var body: TimeAmount { .seconds(Int64(bodySeconds)) }
    var idle: TimeAmount { .seconds(Int64(idleSeconds)) }
    /// After which a connection is cut on which not a byte moves either way.
    var silence: TimeAmount { .seconds(Int64(idleSeconds) * 2) }
    /// How often a connection is looked at.
    var watch: TimeAmount { .milliseconds(Int64(min(headSeconds, idleSeconds)) * 250) }
}
