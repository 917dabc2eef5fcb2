// SPDX-License-Identifier: Apache-2.0

/// Ledgers, their records, and the index that records are found by.
///
/// Every key of a table of records begins with the ledger, so that a ledger's rows can live on one
/// node of a cluster, and (ledger, idx) is what makes a fork impossible. Evidence never changes: the
/// database itself refuses, whoever asks. `search`, `types`, `blocks`, `counts` and `rolled` can be
/// made anew from the records.
enum LedgerMigration {
    static let step = Migrations.Step(
        version: 1,
        readableBy: 1,
        tables: tables + index,
        distributed: [
            "heads", "entries", "payloads", "tiles", "checkpoints", "search", "types", "blocks",
            "counts", "rolled",
        ],
        seals: seals,
        // What commits leave for the index of terms is taken into it by `cairn_tidy`, beside them; on
        // many nodes, by the commit that fills a list of PostgreSQL's own length.
        onOneNode: "ALTER INDEX search_by_term SET (gin_pending_list_limit = 65536)"
    )

    private static let tables = """
        CREATE TABLE store (
            key   text PRIMARY KEY,
            value bytea NOT NULL
        );

        CREATE TABLE tenants (
            name       text COLLATE "C" PRIMARY KEY,
            ledger     uuid NOT NULL UNIQUE,
            origin     text COLLATE "C" NOT NULL UNIQUE,
            created_at bigint NOT NULL
        );

        CREATE TABLE heads (
            ledger           uuid PRIMARY KEY,
            size             bigint NOT NULL CHECK (size >= 0),
            frontier         bytea NOT NULL CHECK (length(frontier) % 32 = 0),
            root             bytea NOT NULL CHECK (length(root) = 32),
            chain            bytea NOT NULL CHECK (length(chain) = 32),
            last_received_at bigint NOT NULL,
            epoch            bigint NOT NULL CHECK (epoch >= 0)
        ) WITH (fillfactor = 50);

        CREATE TABLE entries (
            ledger    uuid NOT NULL,
            idx       bigint NOT NULL CHECK (idx >= 0),
            id        uuid NOT NULL,
            leaf      bytea NOT NULL,
            leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
            chain     bytea NOT NULL CHECK (length(chain) = 32),
            PRIMARY KEY (ledger, idx),
            UNIQUE (ledger, id)
        );

        CREATE TABLE payloads (
            ledger uuid NOT NULL,
            idx    bigint NOT NULL,
            seed   bytea NOT NULL CHECK (length(seed) = 32),
            fields bytea NOT NULL,
            PRIMARY KEY (ledger, idx)
        );

        CREATE TABLE tiles (
            ledger uuid NOT NULL,
            level  bigint NOT NULL,
            number bigint NOT NULL,
            hashes bytea NOT NULL CHECK (length(hashes) = 8192),
            PRIMARY KEY (ledger, level, number)
        );

        CREATE TABLE checkpoints (
            ledger uuid NOT NULL,
            size   bigint NOT NULL,
            note   text NOT NULL,
            PRIMARY KEY (ledger, size)
        );

        CREATE TABLE jobs (
            id       text PRIMARY KEY,
            tenant   text NOT NULL,
            kind     text NOT NULL,
            document bytea NOT NULL
        );


        """

    /// `search` has the words and values of each record, and in which block it is; `blocks` the
    /// times of each full block, and `counts` what statistics are made of, by the hour: both as far
    /// as `rolled` says.
    private static let index = """
        CREATE TABLE search (
            ledger      uuid NOT NULL,
            idx         bigint NOT NULL,
            occurred_at bigint NOT NULL,
            terms       tsvector NOT NULL,
            PRIMARY KEY (ledger, idx)
        );
        CREATE INDEX search_by_time ON search (ledger, occurred_at, idx);
        CREATE INDEX search_by_term ON search USING gin (terms);

        CREATE FUNCTION cairn_tidy() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
            SET search_path FROM CURRENT AS $$
        BEGIN
            RETURN pg_catalog.gin_clean_pending_list('search_by_term'::pg_catalog.regclass);
        END $$;
        REVOKE ALL ON FUNCTION cairn_tidy() FROM PUBLIC;

        CREATE TABLE types (
            ledger uuid NOT NULL,
            type   text COLLATE "C" NOT NULL,
            PRIMARY KEY (ledger, type)
        );

        CREATE TABLE blocks (
            ledger uuid NOT NULL,
            number bigint NOT NULL,
            low    bigint NOT NULL,
            high   bigint NOT NULL,
            PRIMARY KEY (ledger, number)
        );

        CREATE TABLE counts (
            ledger    uuid NOT NULL,
            dimension bigint NOT NULL,
            hour      bigint NOT NULL,
            value     bytea NOT NULL,
            count     bigint NOT NULL,
            PRIMARY KEY (ledger, dimension, hour, value)
        ) WITH (fillfactor = 70);

        CREATE TABLE rolled (
            ledger uuid PRIMARY KEY,
            size   bigint NOT NULL CHECK (size >= 0)
        );
        """

    private static let seals = """
        CREATE FUNCTION cairn_refuse() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog AS $$
        BEGIN
            RAISE EXCEPTION '% never changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER entries_refuse BEFORE UPDATE OR DELETE ON entries
            FOR EACH ROW EXECUTE FUNCTION cairn_refuse();
        CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON entries
            FOR EACH STATEMENT EXECUTE FUNCTION cairn_refuse();
        CREATE TRIGGER checkpoints_refuse BEFORE UPDATE OR DELETE ON checkpoints
            FOR EACH ROW EXECUTE FUNCTION cairn_refuse();
        CREATE TRIGGER checkpoints_refuse_truncate BEFORE TRUNCATE ON checkpoints
            FOR EACH STATEMENT EXECUTE FUNCTION cairn_refuse();

        CREATE FUNCTION cairn_refuse_less() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog AS $$
        BEGIN
            IF NEW.ledger <> OLD.ledger OR NEW.size < OLD.size THEN
                RAISE EXCEPTION 'a head never goes back' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER heads_refuse_less BEFORE UPDATE ON heads
            FOR EACH ROW EXECUTE FUNCTION cairn_refuse_less();
        CREATE TRIGGER heads_refuse BEFORE DELETE ON heads
            FOR EACH ROW EXECUTE FUNCTION cairn_refuse();
        CREATE TRIGGER heads_refuse_truncate BEFORE TRUNCATE ON heads
            FOR EACH STATEMENT EXECUTE FUNCTION cairn_refuse();
        """
}
