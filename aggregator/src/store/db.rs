//! Two typed pools behind one small enum, with one portable SQL text for both.
//!
//! Rules of portable SQL, which `prepares_on_both_databases` guards: `$1` parameters; ids TEXT, times BIGINT in
//! milliseconds; sums and averages CAST to BIGINT; no `now()`, `ILIKE`, `?`; every expression column has an alias.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, Connection as _, FromRow};

pub use super::tx::Tx;
use super::tx::{LiteTx, MANY, Marks, of_list};

pub(super) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a statement waits for another process that writes to the embedded database (backup, command line).
const SQLITE_BUSY: Duration = Duration::from_secs(10);

/// Readers of the embedded database. Reads are short; more would only compete for two to eight cores.
const SQLITE_READERS: u32 = 6;

/// Pages that the writer keeps, in KiB (negative, as SQLite wants it): the upper levels of all indexes stay in it.
const SQLITE_WRITER_CACHE: &str = "-8192";

/// Pages in the write-ahead log after which it is folded into the file. More than SQLite's 1,000: pages that change with
/// every commit are then written to the file less often. A quarter of `journal_size_limit`.
const SQLITE_CHECKPOINT: &str = "4000";

/// Prepared statements that a connection keeps: more than there are, with those that come in several lengths.
const STATEMENTS: usize = 400;

/// Connections to PostgreSQL, whose default `max_connections` is 100: several aggregators fit beside each other.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Class of PostgreSQL's codes for values that no column holds: text with a NUL, a number out of range.
const UNFIT: &str = "22";

/// What can go wrong between a room and its database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or broke off a statement.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The address is neither `sqlite:` nor `postgres:`.
    #[error(
        "--database {0:?} is not understood: use postgres://USER:PASSWORD@HOST/NAME, or leave it out for the embedded database"
    )]
    Address(String),
    /// The database was migrated by a newer Muster.
    #[error(
        "the database has schema version {found}, this Muster knows up to {known}: a newer Muster has used it. \
         Install that version again, or restore a backup made before the upgrade"
    )]
    Newer {
        /// Version in the database.
        found: i64,
        /// Newest version of this build.
        known: i64,
    },
    /// A migration failed.
    #[error("the database could not be brought to the current schema: {0}")]
    Migrate(MigrateError),
    /// A stored value is not what this build writes.
    #[error("the database holds a value that is not understood: {0}")]
    Corrupt(String),
    /// The transcript or host moved on under another link; nothing was written.
    #[error("another link of this host has taken over")]
    Superseded,
}

impl StoreError {
    /// The database is well, but refused a row that breaks a rule of its table.
    pub fn is_refusal(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let is_unfit = |code: &str| code.starts_with(UNFIT);
        error.as_database_error().is_some_and(|told| {
            told.kind() != sqlx::error::ErrorKind::Other || told.code().as_deref().is_some_and(is_unfit)
        })
    }
}

/// Shorthand of this floor.
pub type Result<T> = std::result::Result<T, StoreError>;

/// One parameter of a statement.
#[derive(Debug, Clone)]
pub enum Val {
    /// TEXT
    Text(String),
    /// TEXT or NULL
    OptText(Option<String>),
    /// BIGINT
    Int(i64),
    /// BIGINT or NULL
    OptInt(Option<i64>),
    /// BOOLEAN
    Bool(bool),
    /// BOOLEAN or NULL
    OptBool(Option<bool>),
    /// BYTEA / BLOB
    Blob(Vec<u8>),
}

macro_rules! from {
    ($($given:ty => |$value:ident| $val:expr;)*) => {
        $(impl From<$given> for Val {
            fn from($value: $given) -> Self {
                $val
            }
        })*
    };
}

from! {
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    Option<String> => |value| Self::OptText(value);
    i64 => |value| Self::Int(value);
    Option<i64> => |value| Self::OptInt(value);
    bool => |value| Self::Bool(value);
    Option<bool> => |value| Self::OptBool(value);
    Vec<u8> => |value| Self::Blob(value);
    &[u8] => |value| Self::Blob(value.to_vec());
}

/// Parameters of a statement: `vals![id, now, "live"]`.
#[macro_export]
macro_rules! vals {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::db::Val::from($value)),*] };
}

/// Declares this file's statements as constants and lists them for the test that prepares each on both databases.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*
        /// Every statement of this file.
        #[cfg(test)]
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// A row type that both databases can fill.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static {}

/// The database: embedded, or PostgreSQL.
#[derive(Debug, Clone)]
pub enum Db {
    /// Embedded, one writer and several readers.
    Lite {
        /// The only connection that writes.
        writer: SqlitePool,
        /// Everyone who reads.
        readers: SqlitePool,
    },
    /// PostgreSQL 15 or newer.
    Pg(PgPool),
}

/// Each database has a type of its own for a statement's parameters.
macro_rules! arguments {
    ($name:ident, $arguments:ty) => {
        pub(super) fn $name(vals: Vec<Val>) -> Result<$arguments> {
            let mut arguments = <$arguments>::default();
            for val in vals {
                match val {
                    Val::Text(v) => arguments.add(v),
                    Val::OptText(v) => arguments.add(v),
                    Val::Int(v) => arguments.add(v),
                    Val::OptInt(v) => arguments.add(v),
                    Val::Bool(v) => arguments.add(v),
                    Val::OptBool(v) => arguments.add(v),
                    Val::Blob(v) => arguments.add(v),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(arguments)
        }
    };
}

arguments!(lite_arguments, SqliteArguments);
arguments!(pg_arguments, PgArguments);

impl Db {
    /// Opens `postgres://…`, or the embedded database in the given file, and brings it to the current schema.
    pub async fn open(address: Option<&str>, embedded: &Path) -> Result<Self> {
        let db = Self::connect(address, embedded).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// The same, whatever its schema.
    pub(super) async fn connect(address: Option<&str>, embedded: &Path) -> Result<Self> {
        Ok(match address {
            None => Self::open_lite(embedded).await?,
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                // A pool would try again until its patience ends, and then say only that; one connection says why not.
                PgConnection::connect(url).await?.close().await?;
                let options = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS);
                Self::Pg(options.acquire_timeout(Duration::from_secs(10)).connect(url).await?)
            }
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(file) => Self::open_lite(Path::new(file.trim_start_matches("//"))).await?,
                None => return Err(StoreError::Address(url.to_owned())),
            },
        })
    }

    async fn open_lite(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged frame must survive a power cut, not only a crash of the process.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(SQLITE_BUSY)
            .foreign_keys(true)
            // What is deleted is overwritten: free pages of the file hold nothing that somebody could find there.
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", "67108864")
            .statement_cache_capacity(STATEMENTS);
        // A connection to a file does not get lost: to ask each before it is used would only double the hand-offs.
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writing =
            options.clone().pragma("cache_size", SQLITE_WRITER_CACHE).pragma("wal_autocheckpoint", SQLITE_CHECKPOINT);
        let writer = pool().max_connections(1).min_connections(1).connect_with(writing).await?;
        let readers = pool().max_connections(SQLITE_READERS).connect_with(options).await?;
        Ok(Self::Lite { writer, readers })
    }

    async fn migrate(&self) -> Result<()> {
        let (migrator, outcome) = match self {
            Self::Lite { writer, .. } => (&SQLITE_MIGRATIONS, SQLITE_MIGRATIONS.run(writer).await),
            Self::Pg(pool) => (&POSTGRES_MIGRATIONS, POSTGRES_MIGRATIONS.run(pool).await),
        };
        let known = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
        outcome.map_err(|error| match error {
            MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => {
                StoreError::Newer { found, known }
            }
            other => StoreError::Migrate(other),
        })
    }

    /// `sqlite` or `postgres`, for logs and `doctor`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Lite { .. } => "sqlite",
            Self::Pg(_) => "postgres",
        }
    }

    /// All rows of a query.
    pub async fn all<T: Row>(&self, sql: &'static str, vals: Vec<Val>) -> Result<Vec<T>> {
        Ok(match self {
            Self::Lite { readers, .. } => sqlx::query_as_with(sql, lite_arguments(vals)?).fetch_all(readers).await?,
            Self::Pg(pool) => sqlx::query_as_with(sql, pg_arguments(vals)?).fetch_all(pool).await?,
        })
    }

    /// All rows of a query that ends in `IN`, for a list of values of any length.
    pub async fn all_in<T: Row>(&self, sql: &'static str, list: &[Val]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for list in list.chunks(MANY) {
            found.extend(match self {
                Self::Lite { readers, .. } => {
                    let (text, vals) = of_list(Marks::Nameless, sql, list, "");
                    sqlx::query_as_with(AssertSqlSafe(text), lite_arguments(vals)?).fetch_all(readers).await?
                }
                Self::Pg(pool) => {
                    let (text, vals) = of_list(Marks::Numbered, sql, list, "");
                    sqlx::query_as_with(AssertSqlSafe(text), pg_arguments(vals)?).fetch_all(pool).await?
                }
            });
        }
        Ok(found)
    }

    /// The only row of a query, if there is one.
    pub async fn optional<T: Row>(&self, sql: &'static str, vals: Vec<Val>) -> Result<Option<T>> {
        Ok(match self {
            Self::Lite { readers, .. } => {
                sqlx::query_as_with(sql, lite_arguments(vals)?).fetch_optional(readers).await?
            }
            Self::Pg(pool) => sqlx::query_as_with(sql, pg_arguments(vals)?).fetch_optional(pool).await?,
        })
    }

    /// The only row of a query that always has one (a count).
    pub async fn one<T: Row>(&self, sql: &'static str, vals: Vec<Val>) -> Result<T> {
        self.optional(sql, vals).await?.ok_or(StoreError::Sql(sqlx::Error::RowNotFound))
    }

    /// Runs one statement in a transaction of its own; returns the number of rows it changed.
    pub async fn execute(&self, sql: &'static str, vals: Vec<Val>) -> Result<u64> {
        Ok(match self {
            Self::Lite { writer, .. } => {
                sqlx::query_with(sql, lite_arguments(vals)?).execute(writer).await?.rows_affected()
            }
            Self::Pg(pool) => sqlx::query_with(sql, pg_arguments(vals)?).execute(pool).await?.rows_affected(),
        })
    }

    /// Begins a write transaction. It rolls back when dropped without [`Tx::commit`].
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Lite { writer, .. } => Tx::Lite(LiteTx::begin(writer, true).await?),
            Self::Pg(pool) => Tx::Pg(pool.begin().await?),
        })
    }

    /// The same for what can be derived again: a power cut, but no crash of the process, may undo its commit until the next
    /// one of [`Db::begin`]. Others wait less long for it to end.
    pub async fn begin_derived(&self) -> Result<Tx> {
        match self {
            Self::Lite { writer, .. } => Ok(Tx::Lite(LiteTx::begin(writer, false).await?)),
            Self::Pg(_) => self.begin().await,
        }
    }

    /// Folds the write-ahead log of the embedded database into its file and empties it, so that nothing which was
    /// deleted stands in it any more. Says whether it could: somebody may read from it for too long.
    pub async fn fold_log(&self) -> Result<bool> {
        let Self::Lite { writer, .. } = self else { return Ok(true) };
        let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
        Ok(busy == 0)
    }

    /// Closes all connections; on the embedded database this also folds the write-ahead log back into the file.
    pub async fn close(&self) {
        match self {
            Self::Lite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Pg(pool) => pool.close().await,
        }
    }
}
