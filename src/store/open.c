/* open.c - where the history is, opening it whatever state it is in, and setting it aside. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/schema.h"
#include "store/store_impl.h"

enum { PATIENCE = 2000 }; /* ms to wait for another program's transaction */

/* Pages of 16 KiB: an array of 64 KiB is a chain of 4 and not of 16; a step is written in 0.5 ms,
 * with pages of 4 KiB in 0.8 (tests/store/bench_store.c).  What is deleted is wiped
 * where that costs no writing (secure_delete); the rest leaves the file when it is pruned. */
static const char on_empty[] = "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL;";
static const char on_writing[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                 "PRAGMA secure_delete = FAST; PRAGMA wal_autocheckpoint = 256;"
                                 "PRAGMA journal_size_limit = 16777216;";

char *lt_store_path(void)
{
    return lt_path_user("XDG_DATA_HOME", ".local/share", "history.db");
}

static bool can_write(const char *path)
{
    char *copy = lt_strdup(path);
    bool yes = access(path, W_OK) == 0 && access(dirname(copy), W_OK | X_OK) == 0;
    free(copy);
    return yes;
}

/* The path as an URI that SQLite opens without locks and without looking for a journal. */
static char *immutable_uri(const char *path)
{
    lt_buf b = {0};
    lt_buf_str(&b, "file:");
    for (const char *p = path; *p; p++)
        if (strchr("%?#", *p))
            lt_buf_format(&b, "%%%02X", (unsigned char)*p);
        else
            lt_buf_char(&b, *p);
    lt_buf_str(&b, "?immutable=1");
    return b.data;
}

/* A file of mode 0600 where there is none: SQLite gives -wal and -shm the same. */
static bool make_file(const char *path, lt_error *why)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return lt_fail(why, LT_ERR_IO, NULL, "cannot make the history '%s': %s", path,
                       strerror(errno));
    if (stat(path, &st) != 0)
        return lt_fail(why, LT_ERR_IO, NULL, "cannot open the history '%s': %s", path,
                       strerror(errno));
    if (!S_ISREG(st.st_mode))
        return lt_fail(why, LT_ERR_IO, "move it away", "cannot open the history '%s': %s", path,
                       S_ISDIR(st.st_mode) ? "it is a directory" : "not a regular file");
    return true;
}

/* ---- one attempt ---- */

typedef enum found { FOUND_GOOD, FOUND_DAMAGED, FOUND_OTHER } found;

/* What is set aside stays as it was found: closing would write the journal into it. */
static void leave_alone(lt_store *s)
{
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static found refuse(lt_store *s, int code)
{
    lt_db_fail(s->db, s->path, "open", code, &s->why);
    if (!lt_db_is_damage(code))
        return FOUND_OTHER;
    leave_alone(s);
    return FOUND_DAMAGED;
}

static int connect(lt_store *s, bool writes, bool immutable)
{
    char *uri = immutable ? immutable_uri(s->path) : NULL;
    int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_EXRESCODE | (uri ? SQLITE_OPEN_URI : 0);
    int code = sqlite3_open_v2(uri ? uri : s->path, &s->db, flags, NULL);
    free(uri);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(s->db, PATIENCE);
    if (code == SQLITE_OK) /* nothing in a file that somebody sent may run */
        code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return code == SQLITE_OK ? lt_db_run(s->db, "PRAGMA foreign_keys = ON") : code;
}

static int check_table(sqlite3 *db, const char *check)
{
    sqlite3_stmt *st;
    int code = sqlite3_prepare_v2(db, check, -1, &st, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(st, 0);
        code = said && strcmp(said, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
    }
    sqlite3_finalize(st);
    return code;
}

/* The small tables are looked through; the steps have checksums. */
static int check(sqlite3 *db)
{
    int code = check_table(db, "PRAGMA quick_check(runs)");
    return code == SQLITE_OK ? check_table(db, "PRAGMA quick_check(pictures)") : code;
}

/* What the file is, before anything is written to it. */
static found look(lt_store *s, int64_t *version)
{
    int64_t id = 0, objects = 0;
    int code = lt_db_number(s->db, "PRAGMA user_version", version);
    if (code == SQLITE_OK)
        code = lt_db_number(s->db, "PRAGMA application_id", &id);
    if (code == SQLITE_OK)
        code = lt_db_number(s->db, "SELECT count(*) FROM sqlite_schema", &objects);
    if (code != SQLITE_OK)
        return refuse(s, code);
    if (id != LT_SCHEMA_ID && (id != 0 || *version != 0 || objects != 0)) {
        lt_fail(&s->why, LT_ERR_FORMAT, "move it away",
                "cannot open the history '%s': it is another program's database", s->path);
        return FOUND_OTHER;
    }
    if (*version > lt_schema_version) {
        lt_fail(&s->why, LT_ERR_FORMAT, "use that latentty, or move the file away",
                "cannot open the history '%s': it is of a newer latentty (version %d, this one "
                "knows %d)",
                s->path, (int)*version, lt_schema_version);
        return FOUND_OTHER;
    }
    return FOUND_GOOD;
}

static found set_up(lt_store *s, bool writes, int64_t version)
{
    int code = SQLITE_OK;
    if (!writes && version < lt_schema_version) {
        lt_fail(&s->why, LT_ERR_IO, "open it once where it can be written",
                "cannot open the history '%s': it is of an older latentty, and read-only", s->path);
        return FOUND_OTHER;
    }
    if (writes && version == 0)
        code = lt_db_run(s->db, on_empty);
    if (writes && code == SQLITE_OK)
        code = lt_db_run(s->db, on_writing);
    if (writes && code == SQLITE_OK)
        code = lt_schema_apply(s->db, lt_schema_migrations, lt_schema_version);
    if (code == SQLITE_OK)
        code = check(s->db);
    return code == SQLITE_OK ? FOUND_GOOD : refuse(s, code);
}

static void disconnect(lt_store *s)
{
    sqlite3_close(s->db);
    s->db = NULL;
}

static bool has_journal(const char *path)
{
    struct stat st;
    char *wal = lt_format("%s-wal", path);
    bool has = stat(wal, &st) == 0 && st.st_size > 0;
    free(wal);
    return has;
}

static found attach(lt_store *s, bool writes, bool immutable)
{
    int64_t version;
    int code = connect(s, writes, immutable);
    found what = code == SQLITE_OK ? look(s, &version) : refuse(s, code);
    if (what == FOUND_GOOD)
        what = set_up(s, writes, version);
    if (what == FOUND_GOOD)
        s->mode = writes ? LT_STORE_WRITES : LT_STORE_READS;
    else
        disconnect(s);
    return what;
}

static found attach_as_allowed(lt_store *s)
{
    if (!make_file(s->path, &s->why))
        return FOUND_OTHER;
    if (can_write(s->path))
        return attach(s, true, false);
    found what = attach(s, false, false);
    if (what == FOUND_OTHER && !has_journal(s->path)) /* -shm cannot be made: nobody writes there */
        what = attach(s, false, true);
    return what;
}

/* ---- setting aside ---- */

static bool move(const char *path, const char *to, const char *suffix)
{
    char *a = lt_format("%s%s", path, suffix), *b = lt_format("%s%s", to, suffix);
    bool ok = rename(a, b) == 0 || errno == ENOENT;
    free(a);
    free(b);
    return ok;
}

/* Under the lock, with nobody else at it.  The new name is owned by the caller; NULL: it stays. */
static char *set_aside(const char *path)
{
    time_t now = time(NULL);
    struct tm t;
    char when[32];
    struct stat st;
    if (!gmtime_r(&now, &t) || strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &t) == 0)
        return NULL;
    char *to = lt_format("%s.damaged-%s", path, when);
    for (int i = 2; lstat(to, &st) == 0; i++) {
        free(to);
        to = lt_format("%s.damaged-%s-%d", path, when, i);
    }
    /* The journal first: a file without its journal is older, a journal of another file is
     * poison. */
    char *shm = lt_format("%s-shm", path);
    if (move(path, to, "-wal") && move(path, to, "")) {
        unlink(shm);
    } else {
        free(to);
        to = NULL;
    }
    free(shm);
    return to;
}

static void begin_anew(lt_store *s, lt_error *note)
{
    lt_error damage = s->why;
    char *aside = set_aside(s->path);
    if (!aside) {
        lt_fail(&s->why, LT_ERR_IO, NULL, "the history '%s' is damaged and cannot be renamed: %s",
                s->path, strerror(errno));
        return;
    }
    s->why = (lt_error){0};
    if (attach_as_allowed(s) == FOUND_GOOD) {
        *note = damage;
        lt_fail(note, LT_ERR_FORMAT, NULL,
                "the history was damaged and a new one is begun; the old one is '%s'", aside);
        lt_fail_hint(note, "sqlite3 '%s' .recover", aside);
    }
    free(aside);
}

static void open_it(lt_store *s, lt_error *note)
{
    lt_dir_make_above(s->path);
    int lock = lt_live_lock(s->path);
    int others = lt_live_others(s->path, &s->mark); /* which also sweeps the marks of the dead */
    found what = attach_as_allowed(s);
    if (what == FOUND_DAMAGED) {
        if (lock >= 0 && others == 0)
            begin_anew(s, note);
        else
            lt_fail_hint(&s->why, "end the other programs that use it, and start again");
    }
    if (s->mode == LT_STORE_WRITES)
        lt_live_take(s->path, &s->mark); /* without: its unfinished runs look like a dead one's */
    if (lock >= 0)
        close(lock);
}

lt_store *lt_store_open(const char *path, lt_error *note)
{
    lt_store *s = lt_alloc(sizeof *s);
    char *own = path ? NULL : lt_store_path();
    const char *name = path ? path : own ? own : "";
    s->mark.fd = -1;
    /* SQLite takes "file:" and ":memory:" for something else than a name */
    s->path = *name == '/' || !*name ? lt_strdup(name) : lt_format("./%s", name);
    free(own);
    if (!*s->path)
        lt_fail(&s->why, LT_ERR_IO, "set HOME or XDG_DATA_HOME to a full path",
                "runs are not kept: there is no home directory");
    else
        open_it(s, note);
    if (s->mode == LT_STORE_OFF)
        *note = s->why;
    if (s->mode == LT_STORE_READS) {
        lt_fail(&s->why, LT_ERR_IO, NULL, "new runs are not kept: the history '%s' is read-only",
                s->path);
        *note = s->why;
    }
    return s;
}

void lt_store_close(lt_store *s)
{
    if (!s)
        return;
    if (s->damaged)
        leave_alone(s);
    disconnect(s);
    int lock = s->damaged ? lt_live_lock(s->path) : -1;
    if (lock >= 0) {
        if (lt_live_others(s->path, &s->mark) == 0)
            free(set_aside(s->path));
        close(lock);
    }
    lt_live_give(&s->mark);
    free(s->path);
    free(s);
}

lt_store_mode lt_store_mode_of(const lt_store *s)
{
    return s->mode;
}

const char *lt_store_file(const lt_store *s)
{
    return s->path;
}
