// SPDX-License-Identifier: Apache-2.0

package import Cairn

/// What requests to AWS are signed with.
package struct AWSCredentials: Equatable, Sendable, CustomStringConvertible {
    /// The public half.
    package let accessKeyID: String
    /// The secret half.
    package let secretAccessKey: String
    /// What goes with temporary ones; a secret, too.
    package let sessionToken: String?
    /// When they end; nil for those that do not.
    package let expiresAt: Timestamp?

    /// Joins the parts.
    package init(
        accessKeyID: String,
        secretAccessKey: String,
        sessionToken: String? = nil,
        expiresAt: Timestamp? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiresAt = expiresAt
    }

    /// The public half alone, so that nothing prints the secret one.
    package var description: String { accessKeyID }
}
