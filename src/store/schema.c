/* schema.c - see schema.h. */
#include "store/schema.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/db.h"

/*
 * Numbers of steps lie apart from what they describe (blobs): whoever walks runs or steps does not
 * walk gigabytes, and a check of the small tables stays quick.
 *
 * runs.ghost: the run was purged, but a fork still needs some of its steps; everything else of it
 * is gone.  steps.halves: a bit for each array that is kept as the upper halves of its
 * floats (floats.h).  runs.owner: the mark (live.h) of the program that writes it.  runs.folded:
 * what a search looks through, in folded case.  Times are milliseconds since 1970, 0: not yet.
 */
static const char first[] =
    "CREATE TABLE runs("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " parent INTEGER REFERENCES runs(id) CHECK(parent < id),"
    " parent_step INTEGER NOT NULL DEFAULT 0,"
    " created INTEGER NOT NULL,"
    " finished INTEGER NOT NULL DEFAULT 0,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " owner TEXT NOT NULL DEFAULT '',"
    " ghost INTEGER NOT NULL DEFAULT 0,"
    " starred INTEGER NOT NULL DEFAULT 0,"
    " deleted INTEGER NOT NULL DEFAULT 0,"
    " done INTEGER NOT NULL DEFAULT 0,"
    " seconds REAL NOT NULL DEFAULT 0,"
    " steps INTEGER NOT NULL,"
    " width INTEGER NOT NULL,"
    " height INTEGER NOT NULL,"
    " seed INTEGER NOT NULL,"
    " guidance REAL NOT NULL,"
    " sampler TEXT NOT NULL,"
    " model TEXT NOT NULL,"
    " model_hash TEXT NOT NULL,"
    " prompt TEXT NOT NULL,"
    " negative TEXT NOT NULL,"
    " settings TEXT NOT NULL,"
    " folded TEXT NOT NULL);"
    "CREATE INDEX runs_shown ON runs(id) WHERE ghost = 0 AND deleted = 0;"
    "CREATE INDEX runs_starred ON runs(id) WHERE ghost = 0 AND deleted = 0 AND starred = 1;"
    "CREATE INDEX runs_unfinished ON runs(id) WHERE state = 0;"
    "CREATE INDEX runs_forks ON runs(parent) WHERE parent IS NOT NULL;"
    "CREATE TABLE steps("
    " id INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL REFERENCES runs(id),"
    " k INTEGER NOT NULL,"
    " seconds REAL NOT NULL,"
    " latents INTEGER NOT NULL,"
    " x0 INTEGER NOT NULL,"
    " eps_text INTEGER NOT NULL,"
    " eps_uncond INTEGER NOT NULL,"
    " halves INTEGER NOT NULL,"
    " crc INTEGER NOT NULL,"
    " UNIQUE(run, k));"
    "CREATE TABLE blobs("
    " id INTEGER PRIMARY KEY REFERENCES steps(id) ON DELETE CASCADE,"
    " bytes BLOB NOT NULL);"
    "CREATE TABLE thumbs("
    " run INTEGER PRIMARY KEY REFERENCES runs(id) ON DELETE CASCADE,"
    " png BLOB NOT NULL);";

/* What is known of one of the pictures that a run makes at once, beyond its numbers.  last: its
 * newest frame, NULL: that of the run.  Without a row there is nothing to say. */
static const char pictures[] = "CREATE TABLE pictures("
                               " run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
                               " image INTEGER NOT NULL CHECK(image >= 0),"
                               " starred INTEGER NOT NULL DEFAULT 0,"
                               " last INTEGER,"
                               " PRIMARY KEY(run, image)) WITHOUT ROWID;";

const char *const lt_schema_migrations[] = {first, pictures};
const int lt_schema_version = sizeof lt_schema_migrations / sizeof *lt_schema_migrations;

/* One migration; *done when there is none left. */
static int apply_next(sqlite3 *db, const char *const *migrations, int to, bool *done)
{
    int64_t version;
    int code = lt_db_number(db, "PRAGMA user_version", &version);
    *done = code == SQLITE_OK && version >= to;
    if (code != SQLITE_OK || *done)
        return code;
    if (version < 0)
        return SQLITE_CORRUPT;
    char *number = lt_format("PRAGMA user_version = %d; PRAGMA application_id = %d",
                             (int)version + 1, LT_SCHEMA_ID);
    code = lt_db_run(db, migrations[version]);
    if (code == SQLITE_OK)
        code = lt_db_run(db, number);
    free(number);
    return code;
}

int lt_schema_apply(sqlite3 *db, const char *const *migrations, int to)
{
    bool done = false;
    while (!done) {
        int code = lt_db_run(db, "BEGIN IMMEDIATE"); /* the version is read under the lock */
        if (code != SQLITE_OK)
            return code;
        code = apply_next(db, migrations, to, &done);
        if (code == SQLITE_OK)
            code = lt_db_run(db, "COMMIT");
        if (code != SQLITE_OK) {
            lt_db_run(db, "ROLLBACK");
            return code;
        }
    }
    return SQLITE_OK;
}
