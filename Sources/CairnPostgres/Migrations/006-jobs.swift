// SPDX-License-Identifier: Apache-2.0

/// Verifications wait in the queue, too; the table that they had goes, with what is in it.
///
/// Servers of before need it, and do not start on what this step leaves.
enum JobsMigration {
    static let step = Migrations.Step(version: 6, readableBy: 6, tables: "DROP TABLE jobs;")
}
