// SPDX-License-Identifier: Apache-2.0

/// What the role may do that servers run as: add evidence and read it, move heads, and work as usual
/// with what a deployment keeps beside.
///
/// It owns nothing, so it cannot drop what it relies on.
enum Privileges {
    /// Tables whose rows are added and read.
    private static let evidence = ["entries", "payloads", "tiles", "checkpoints"]
    /// Tables whose rows change as usual.
    private static let usual = [
        "store", "tenants", "revisions", "keys", "revoked_viewers", "replays", "search", "types",
        "blocks", "counts", "rolled", "queue",
    ]

    /// Gives a role its rights on tables that are there, and no others.
    static func grant(to role: String, _ connection: isolated PostgresConnection) throws {
        let name =
            "\""
            + role.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
        let all = (evidence + usual + ["heads", "cairn_schema"]).joined(separator: ", ")
        try connection.transaction { connection in
            try connection.runScript(
                """
                REVOKE ALL ON \(all) FROM PUBLIC, \(name);
                GRANT SELECT ON cairn_schema TO \(name);
                GRANT SELECT, INSERT ON \(evidence.joined(separator: ", ")) TO \(name);
                GRANT SELECT, INSERT ON heads TO \(name);
                GRANT UPDATE (size, frontier, root, chain, last_received_at, epoch)
                    ON heads TO \(name);
                DO $$ BEGIN
                    EXECUTE format(
                        'REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()
                    );
                END $$;
                GRANT SELECT, INSERT, UPDATE, DELETE ON \(usual.joined(separator: ", ")) TO \(name);
                GRANT EXECUTE ON FUNCTION cairn_tidy() TO \(name);
                """
            )
        }
    }
}
