// SPDX-License-Identifier: Apache-2.0
// own_schema_floor.c - what SQLite alone takes to fill Cairn's own schema (our own code).
//
// usage: own_schema_floor DB SCHEMA.sql [EVENTS] [ROWS_PER_TRANSACTION] [NOTE_WORDS]
//        (200000, 1000 and 12; DB must not exist)
//
// The rows are those that Cairn makes of native-event.json.template: entry, record with its two
// indexes, payload, terms in the full-text index, and per transaction the head, tiles, blocks,
// counts and how far the index reaches. The values of a transaction lie in memory before its clock
// starts, and hashes are random bytes, so that only SQLite is timed. Settings are the server's:
// WAL, synchronous=FULL, one writer, 16 MiB of page cache. NOTE_WORDS changes the number of words
// in an event, and with it the number of terms: 40 give about 71. Prints one JSON line.
#include <math.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

typedef uint64_t u64;

// ---- draws ---------------------------------------------------------------------------------
static u64 state = 42;
static u64 draw(void) {
    u64 z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}
typedef struct { int count; double *sums; } zipf;
static zipf zipf_make(int count, double exponent) {
    zipf z = {count, malloc(sizeof(double) * count)};
    double sum = 0;
    for (int i = 0; i < count; i++) z.sums[i] = sum += 1 / pow(i + 1, exponent);
    for (int i = 0; i < count; i++) z.sums[i] /= sum;
    return z;
}
static int zipf_draw(const zipf *z) {
    double u = (draw() >> 11) / 9007199254740992.0;
    int low = 0, high = z->count - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (z->sums[middle] < u) low = middle + 1; else high = middle;
    }
    return low;
}
static void random_bytes(unsigned char *out, int count) {
    for (int i = 0; i < count; i += 8) { u64 v = draw(); memcpy(out + i, &v, count - i < 8 ? count - i : 8); }
}

// ---- a row's values ------------------------------------------------------------------------
enum { WORDS = 4096, DIMENSIONS = 7, HASHES = 8192 };
static char words[WORDS][12];
static const char *TYPE[] = {"user.login", "user.logout", "data.read", "data.update", "data.create", "data.delete", "data.export", "permission.change", "role.assign", "config.update"};
static const char *ACTION[] = {"successful_login", "logout", "view", "update", "create", "delete", "export", "grant", "assign", "configure"};
static const char *KIND[] = {"document", "account", "session", "invoice", "project", "role", "api_key", "report"};
static const char *RISK[] = {"low", "low", "low", "low", "low", "low", "medium", "medium", "high", "critical"};
static const char *AGENT[] = {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "python-requests/2.32.3", "okhttp/4.12.0"};

typedef struct {
    unsigned char id[16], seed[32], leaf_hash[32], chain[32];
    char leaf[512], *fields, *terms;
    int leaf_length, fields_length, terms_length;
    int64_t occurred_at;
} row;
typedef struct { int dimension; int64_t hour; char value[40]; int64_t count; } count_row;

static void add_words(row *r, const char *text) {
    int inside = 0;
    for (; *text; text++) {
        int c = *text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text;
        int is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_word && !inside) { r->terms[r->terms_length++] = '1'; r->terms[r->terms_length++] = 'w'; }
        if (is_word) r->terms[r->terms_length++] = c;
        else if (inside) r->terms[r->terms_length++] = ' ';
        inside = is_word;
    }
    if (inside) r->terms[r->terms_length++] = ' ';
    r->terms[r->terms_length++] = '\n';
    r->terms[r->terms_length++] = ' ';
}
static void add_mark(row *r, const char *key, const char *value) {
    u64 hash = 0xcbf29ce484222325ull;
    for (; *key; key++) hash = (hash ^ (unsigned char)*key) * 0x100000001b3ull;
    for (hash *= 0x100000001b3ull; *value; value++) hash = (hash ^ (unsigned char)*value) * 0x100000001b3ull;
    char *out = r->terms + r->terms_length;
    *out++ = '1'; *out++ = 'f';
    for (int shift = 55; shift >= 0; shift -= 5) *out++ = "0123456789abcdefghijklmnopqrstuv"[hash >> shift & 31];
    *out = ' ';
    r->terms_length += 15;
}
static void add_field(row *r, int code, const char *value) {
    unsigned length = strlen(value);
    r->fields[r->fields_length++] = code;
    for (unsigned v = length; ; v >>= 7) { r->fields[r->fields_length++] = (v & 127) | (v > 127 ? 128 : 0); if (v <= 127) break; }
    memcpy(r->fields + r->fields_length, value, length);
    r->fields_length += length;
}
static void add_text(row *r, int code, const char *text) {
    char quoted[256];
    snprintf(quoted, sizeof quoted, "\"%s\"", text);
    add_field(r, code, quoted);
}
static void count_value(count_row *counts, int *used, int dimension, int64_t hour, const char *value) {
    for (int i = 0; i < *used; i++)
        if (counts[i].dimension == dimension && counts[i].hour == hour && !strcmp(counts[i].value, value)) { counts[i].count++; return; }
    counts[*used] = (count_row){dimension, hour, "", 1};
    snprintf(counts[*used].value, sizeof counts->value, "%s", value);
    ++*used;
}

static zipf actors, resources, vocabulary;
static void make_row(row *r, u64 index, int64_t now, int note_words, count_row *counts, int *used) {
    char uuid[40], note[2048] = "", details[4096], time_text[40], user[20], resource[40], objects[160], ip[20], bytes[12], category[24];
    int u = zipf_draw(&actors), d = zipf_draw(&resources), t = draw() % 10, length = 0;
    const char *risk = RISK[draw() % 10], *kind = KIND[d % 8];
    u64 a = draw(), b = draw();
    for (int i = 0; i < note_words; i++) length += snprintf(note + length, sizeof note - length, "%s%s", i ? " " : "", words[zipf_draw(&vocabulary)]);
    snprintf(uuid, sizeof uuid, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)a, (unsigned)(a >> 32) & 0xffff, (unsigned)(a >> 48) & 0xfff, (unsigned)(b >> 48) & 0xfff, (unsigned long long)b & 0xffffffffffffull);
    snprintf(user, sizeof user, "user-%06d", u);
    snprintf(resource, sizeof resource, "%s-%07d", kind, d);
    snprintf(objects, sizeof objects, "[{\"id\":\"%s\",\"type\":\"%s\"}]", resource, kind);
    snprintf(ip, sizeof ip, "10.%d.%d.%d", u % 256, (u >> 8) % 256, (int)(draw() % 256));
    snprintf(bytes, sizeof bytes, "%d", (int)(draw() % 100000));
    snprintf(details, sizeof details, "{\"bytes\":%s,\"device\":\"web\",\"method\":\"password\",\"note\":\"%s\",\"request_id\":\"%s\"}", bytes, note, uuid);
    snprintf(category, sizeof category, "%.*s", (int)strcspn(TYPE[t], "."), TYPE[t]);
    r->occurred_at = now / 1000000 * 1000000;
    time_t seconds = now / 1000000000;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    length = strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(time_text + length, sizeof time_text - length, ".%03dZ", (int)(now / 1000000 % 1000));

    random_bytes(r->seed, 32), random_bytes(r->leaf_hash, 32), random_bytes(r->chain, 32), random_bytes(r->id, 16);
    for (int i = 0; i < 6; i++) r->id[i] = (u64)(now / 1000000) >> (40 - 8 * i);
    r->id[6] = 0x70 | (r->id[6] & 15), r->id[8] = 0x80 | (r->id[8] & 63);
    char record[44];
    for (int i = 0; i < 43; i++) record[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[draw() & 63];
    record[43] = 0;
    r->leaf_length = snprintf(r->leaf, sizeof r->leaf,
        "audit-leaf/v1\n{\"class\":\"std\",\"id\":\"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\",\"index\":%llu,"
        "\"origin\":\"cairn.local/b93c2737/fad89ba89b7447415f245267dd00ad0a\",\"received_at\":\"%s\",\"record\":\"%s\",\"schema\":\"event/1\",\"v\":1}",
        r->id[0], r->id[1], r->id[2], r->id[3], r->id[4], r->id[5], r->id[6], r->id[7], r->id[8], r->id[9], r->id[10], r->id[11], r->id[12], r->id[13], r->id[14], r->id[15],
        (unsigned long long)index, time_text, record);

    r->fields_length = r->terms_length = 0;
    add_text(r, 1, ACTION[t]), add_text(r, 3, user), add_text(r, 6, "user"), add_text(r, 7, category);
    add_field(r, 10, "[\"actor.type\",\"id\",\"outcome\",\"severity\"]"), add_field(r, 12, details);
    add_text(r, 17, time_text), add_text(r, 19, "success"), add_field(r, 24, objects), add_text(r, 25, risk);
    add_text(r, 26, "info"), add_text(r, 27, ip), add_text(r, 30, AGENT[u & 3]), add_text(r, 31, TYPE[t]);

    memcpy(r->terms, "\n ", 2), r->terms_length = 2;
    add_words(r, ACTION[t]), add_mark(r, "action", ACTION[t]);
    add_words(r, user), add_mark(r, "actor_id", user);
    add_words(r, "user"), add_mark(r, "actor_type", "user");
    add_mark(r, "category", category);
    add_mark(r, "details.bytes", bytes);
    add_words(r, "web"), add_mark(r, "details.device", "web");
    add_words(r, "password"), add_mark(r, "details.method", "password");
    add_words(r, note), add_mark(r, "details.note", note);
    add_words(r, uuid), add_mark(r, "details.request_id", uuid);
    add_mark(r, "outcome", "success");
    add_words(r, resource), add_mark(r, "resource_id", resource);
    add_words(r, kind), add_mark(r, "resource_type", kind);
    add_mark(r, "risk", risk), add_mark(r, "severity", "info"), add_mark(r, "ip", ip);
    add_words(r, TYPE[t]);
    r->terms_length += sprintf(r->terms + r->terms_length, "1t%s ", TYPE[t]);

    int64_t hour = now / 3600000000000;
    const char *counted[DIMENSIONS] = {"", TYPE[t], category, "success", "info", risk, user};
    for (int i = 0; i < DIMENSIONS; i++) count_value(counts, used, i, hour, counted[i]);
}

// ---- SQLite --------------------------------------------------------------------------------
static sqlite3 *db;
static void check(int code, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}
static void execute(const char *sql) { check(sqlite3_exec(db, sql, 0, 0, 0), sql); }
static sqlite3_stmt *prepared(const char *sql) {
    sqlite3_stmt *s;
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, 0), sql);
    return s;
}
static void run(sqlite3_stmt *s) { check(sqlite3_step(s), sqlite3_sql(s)); sqlite3_reset(s); }
static void integers(sqlite3_stmt *s, int count, const int64_t *values) {
    for (int i = 0; i < count; i++) sqlite3_bind_int64(s, i + 1, values[i]);
}
static void blob(sqlite3_stmt *s, int at, const void *bytes, int length) { sqlite3_bind_blob(s, at, bytes, length, SQLITE_STATIC); }
static double now_of(clockid_t clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static char *text_of(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) { perror(path); exit(2); }
    char *text = calloc(1, 1 << 20);
    if (!fread(text, 1, (1 << 20) - 1, file)) { fprintf(stderr, "%s is empty\n", path); exit(2); }
    fclose(file);
    return text;
}

int main(int argc, char **argv) {
    if (argc < 3) { fprintf(stderr, "usage: own_schema_floor DB SCHEMA.sql [EVENTS] [ROWS_PER_TRANSACTION] [NOTE_WORDS]\n"); return 2; }
    int64_t events = argc > 3 ? atoll(argv[3]) : 200000;
    int per = argc > 4 ? atoi(argv[4]) : 1000, note_words = argc > 5 ? atoi(argv[5]) : 12;
    struct stat file;
    if (events < 1 || events > 100000000 || per < 1 || per > 100000 || note_words < 0 || note_words > 100 || !stat(argv[1], &file)) {
        fprintf(stderr, "a number is out of range, or the database exists\n");
        return 2;
    }
    actors = zipf_make(10000, 1.1), resources = zipf_make(100000, 1.1), vocabulary = zipf_make(WORDS, 1);
    for (int i = 0; i < WORDS; i++) for (int j = 3 + draw() % 7; j > 0; j--) words[i][j - 1] = "etaoinshrdlucmfwypvbgk"[draw() % 22];

    check(sqlite3_open(argv[1], &db), "open");
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384; PRAGMA recursive_triggers = ON");
    execute(text_of(argv[2]));
    execute("INSERT INTO terms (terms, rank) VALUES ('hashsize', 8388608);"
            "INSERT INTO heads VALUES (1, 0, x'', zeroblob(32), zeroblob(32), 0, 0)");
    sqlite3_stmt *head = prepared("UPDATE heads SET size = ?2, frontier = ?3, root = ?4, chain = ?5, last_received_at = ?6 WHERE ledger = ?1 AND size = ?7");
    sqlite3_stmt *entry = prepared("INSERT INTO entries VALUES (?, ?, ?, ?)"), *record = prepared("INSERT INTO records VALUES (?, ?, ?, ?)");
    sqlite3_stmt *payload = prepared("INSERT INTO payloads VALUES (?, ?, ?)"), *terms = prepared("INSERT INTO terms (rowid, term) VALUES (?, ?)");
    sqlite3_stmt *tile = prepared("INSERT INTO tiles VALUES (?, ?, ?, ?)"), *block = prepared("INSERT INTO blocks VALUES (?1, ?2, ?3, ?4) ON CONFLICT (ledger, number) DO UPDATE SET low = min(low, ?3), high = max(high, ?4)");
    sqlite3_stmt *merged = prepared("INSERT INTO merged VALUES (?1, ?2, ?3) ON CONFLICT (ledger) DO UPDATE SET size = ?2, chain = ?3");
    sqlite3_stmt *count = prepared("INSERT INTO counts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (ledger, dimension, hour, value) DO UPDATE SET count = count + ?5");

    row *rows = calloc(per, sizeof *rows);
    for (int i = 0; i < per; i++) rows[i].fields = malloc(8192), rows[i].terms = malloc(8192);
    count_row *counts = calloc((size_t)per * DIMENSIONS, sizeof *counts);
    unsigned char hashes[HASHES];
    random_bytes(hashes, HASHES);
    const int64_t ledger = 1, started = (int64_t)time(0) * 1000000000;
    int64_t *times = malloc(sizeof(int64_t) * (per + 256)), term_count = 0, field_bytes = 0;
    double wall = 0, cpu = 0;
    int64_t pending = 0;  // rows since the last full block, whose times begin `times`
    for (int64_t first = 0; first < events; first += per) {
        int n = events - first < per ? events - first : per, used = 0;
        for (int i = 0; i < n; i++) {
            make_row(&rows[i], first + i, started + (first + i) * 50000, note_words, counts, &used);
            times[pending + i] = rows[i].occurred_at;
            field_bytes += rows[i].fields_length;
            for (int j = 1; j < rows[i].terms_length; j++) term_count += rows[i].terms[j] != ' ' && rows[i].terms[j] != '\n' && rows[i].terms[j - 1] == ' ';
        }
        double wall_start = now_of(CLOCK_MONOTONIC), cpu_start = now_of(CLOCK_PROCESS_CPUTIME_ID);
        execute("BEGIN IMMEDIATE");
        integers(head, 2, (int64_t[]){ledger, first + n});
        blob(head, 3, hashes, 32 * __builtin_popcountll(first + n)), blob(head, 4, rows[0].leaf_hash, 32), blob(head, 5, rows[n - 1].chain, 32);
        sqlite3_bind_int64(head, 6, rows[n - 1].occurred_at), sqlite3_bind_int64(head, 7, first);
        run(head);
        for (int i = 0; i < n; i++) {
            row *r = &rows[i];
            int64_t place = ledger << 40 | (first + i);
            sqlite3_bind_int64(entry, 1, place), blob(entry, 2, r->leaf, r->leaf_length), blob(entry, 3, r->leaf_hash, 32), blob(entry, 4, r->chain, 32), run(entry);
            sqlite3_bind_int64(record, 1, place), sqlite3_bind_int64(record, 2, ledger), blob(record, 3, r->id, 16), sqlite3_bind_int64(record, 4, r->occurred_at), run(record);
            sqlite3_bind_int64(payload, 1, place), blob(payload, 2, r->seed, 32), blob(payload, 3, r->fields, r->fields_length), run(payload);
        }
        for (int64_t level = 0, size = 256; level < 5; level++, size *= 256)
            for (int64_t number = first / size; number < (first + n) / size; number++)
                integers(tile, 3, (int64_t[]){ledger, level, number}), blob(tile, 4, hashes, HASHES), run(tile);
        for (int i = 0; i < n; i++) {
            sqlite3_bind_int64(terms, 1, ledger << 40 | (first + i));
            sqlite3_bind_text(terms, 2, rows[i].terms, rows[i].terms_length, SQLITE_STATIC), run(terms);
        }
        for (int i = 0; i < used; i++) {
            integers(count, 3, (int64_t[]){ledger, counts[i].hour, counts[i].dimension});
            blob(count, 4, counts[i].value, strlen(counts[i].value)), sqlite3_bind_int64(count, 5, counts[i].count), run(count);
        }
        integers(merged, 2, (int64_t[]){ledger, first + n}), blob(merged, 3, rows[n - 1].chain, 32), run(merged);
        int64_t blocks = (pending + n) / 256;
        for (int64_t i = 0; i < blocks; i++)
            integers(block, 4, (int64_t[]){ledger, (first - pending) / 256 + i, times[256 * i], times[256 * i + 255]}), run(block);
        execute("COMMIT");
        wall += now_of(CLOCK_MONOTONIC) - wall_start, cpu += now_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
        memmove(times, times + 256 * blocks, sizeof(int64_t) * (pending + n - 256 * blocks));
        pending += n - 256 * blocks;
    }
    double close_start = now_of(CLOCK_MONOTONIC), close_cpu = now_of(CLOCK_PROCESS_CPUTIME_ID);
    execute("PRAGMA wal_checkpoint(TRUNCATE)");
    close_start = now_of(CLOCK_MONOTONIC) - close_start, close_cpu = now_of(CLOCK_PROCESS_CPUTIME_ID) - close_cpu;
    stat(argv[1], &file);
    printf("{\"floor\":\"own_schema\",\"events\":%lld,\"per_transaction\":%d,\"secs\":%.2f,\"cpu_s\":%.2f,\"events_per_s\":%.1f,\"ev_per_cpu_s\":%.1f,"
           "\"last_checkpoint_s\":%.2f,\"last_checkpoint_cpu_s\":%.2f,\"terms_per_row\":%.1f,\"field_bytes\":%.1f,\"bytes_per_row\":%.1f,\"sqlite\":\"%s\"}\n",
           (long long)events, per, wall, cpu, events / wall, events / cpu, close_start, close_cpu, (double)term_count / events,
           (double)field_bytes / events, (double)file.st_size / events, sqlite3_libversion());
    return 0;
}
