// SPDX-License-Identifier: Apache-2.0

/// The search index, in a file of its own: all of it can be made anew from the records.
///
/// `terms` is the one inverted index: words for `q`, and a term for each value a filter compares.
/// It keeps no content and no positions, and is filled hundreds of records at a time; `merged` says
/// how far, and with which chain hash, so that an index of other records is known. The newest
/// records are searched in memory until then. `blocks` holds the lowest and highest time of each
/// 256 records, so that a page in order of time reads few of them.
enum IndexSchema {
    /// Which schema this is; a file with another one is made anew, so there are no migrations.
    static let version = 3

    static let sql = """
        CREATE VIRTUAL TABLE terms USING fts5 (
            term, content = '', detail = none, tokenize = "ascii tokenchars '._:-'"
        );
        CREATE TABLE merged (
            ledger INTEGER PRIMARY KEY,
            size   INTEGER NOT NULL CHECK (size > 0),
            chain  BLOB NOT NULL CHECK (length(chain) = 32)
        ) STRICT;
        CREATE TABLE blocks (
            ledger INTEGER NOT NULL,
            number INTEGER NOT NULL,
            low    INTEGER NOT NULL,
            high   INTEGER NOT NULL,
            PRIMARY KEY (ledger, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE counts (
            ledger    INTEGER NOT NULL,
            hour      INTEGER NOT NULL,
            dimension INTEGER NOT NULL,
            value     BLOB NOT NULL,
            count     INTEGER NOT NULL,
            PRIMARY KEY (ledger, dimension, value, hour)
        ) STRICT, WITHOUT ROWID;
        """
}
