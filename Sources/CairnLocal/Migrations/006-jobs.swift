// SPDX-License-Identifier: Apache-2.0

/// Verifications wait in the queue, too; the table that they had goes, with what is in it.
///
/// Programs of before need it, and do not open what this step leaves.
enum JobsMigration {
    static let sql = "DROP TABLE jobs;"
}
