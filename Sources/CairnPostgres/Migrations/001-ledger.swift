// SPDX-License-Identifier: Apache-2.0

/// Ledgers, their records, and everything else that a deployment keeps.
///
/// Every key of a table of records begins with the ledger, so that a ledger's rows can live on one
/// node of a cluster, and (ledger, idx) is what makes a fork impossible. Evidence never changes: the
/// database itself refuses, whoever asks.
enum LedgerMigration {
    static let sql = """
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
        );

        CREATE TABLE entries (
            ledger    uuid NOT NULL,
            idx       bigint NOT NULL CHECK (idx >= 0),
            leaf      bytea NOT NULL,
            leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
            chain     bytea NOT NULL CHECK (length(chain) = 32),
            PRIMARY KEY (ledger, idx)
        );

        CREATE TABLE records (
            ledger      uuid NOT NULL,
            idx         bigint NOT NULL,
            id          uuid NOT NULL,
            occurred_at bigint NOT NULL,
            PRIMARY KEY (ledger, idx),
            UNIQUE (ledger, id)
        );
        CREATE INDEX records_by_time ON records (ledger, occurred_at, idx);

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

        CREATE FUNCTION cairn_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
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

        CREATE FUNCTION cairn_refuse_less() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.size < OLD.size AND NEW.epoch <= OLD.epoch THEN
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

        CREATE TABLE jobs (
            id       text PRIMARY KEY,
            tenant   text NOT NULL,
            kind     text NOT NULL,
            document bytea NOT NULL
        );

        CREATE TABLE revisions (
            name  text PRIMARY KEY,
            value bigint NOT NULL
        );
        INSERT INTO revisions VALUES ('keys', 0), ('viewers', 0);

        CREATE TABLE keys (
            id           text PRIMARY KEY CHECK (length(id) = 12),
            tenant       text COLLATE "C" NOT NULL REFERENCES tenants (name),
            name         text NOT NULL,
            scopes       text NOT NULL,
            hash         bytea NOT NULL CHECK (length(hash) = 32),
            created_at   bigint NOT NULL,
            expires_at   bigint,
            last_used_at bigint,
            revoked_at   bigint,
            revision     bigint NOT NULL UNIQUE
        );
        CREATE INDEX keys_by_tenant ON keys (tenant, created_at, id);

        CREATE TABLE revoked_viewers (
            id       text PRIMARY KEY CHECK (length(id) = 32),
            tenant   text COLLATE "C" NOT NULL REFERENCES tenants (name),
            end_at   bigint NOT NULL,
            revision bigint NOT NULL UNIQUE
        );

        CREATE TABLE replays (
            request     bytea PRIMARY KEY CHECK (length(request) = 32),
            fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
            begun_at    bigint NOT NULL,
            status      bigint,
            location    text,
            body        bytea
        );
        CREATE INDEX replays_by_time ON replays (begun_at);
        """
}
