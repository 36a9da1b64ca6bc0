//! Write transactions.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use super::db::{Result, Row, Val, lite_arguments, pg_arguments};

/// Rows or values of one statement at most: enough that the hand-off per statement vanishes, and far below the bounds of
/// both databases (32,766 and 65,535 parameters).
pub(super) const MANY: usize = 128;

/// A write transaction. It is undone when dropped without [`Tx::commit`].
pub enum Tx {
    /// Of the embedded database, begun IMMEDIATE.
    Lite(LiteTx),
    /// Of PostgreSQL.
    Pg(Transaction<'static, Postgres>),
}

/// A transaction of the embedded database.
///
/// A full disk makes SQLite end the transaction by itself, in the middle of any statement; a connection of which nobody
/// knows whether a transaction is open is therefore never used again. Closing it undoes whatever was open.
pub struct LiteTx {
    connection: PoolConnection<Sqlite>,
    committed: bool,
    durable: bool,
}

impl LiteTx {
    /// Takes the writer and begins. Unless it is to be `durable`, the commit does not wait for the disk.
    pub(super) async fn begin(writer: &SqlitePool, durable: bool) -> Result<Self> {
        let mut tx = Self { connection: writer.acquire().await?, committed: false, durable };
        if !durable {
            sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut *tx).await?;
        }
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *tx).await?;
        Ok(tx)
    }

    async fn commit(mut self) -> Result<()> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
        if !self.durable {
            sqlx::query("PRAGMA synchronous = FULL").execute(&mut *self).await?;
        }
        self.committed = true;
        Ok(())
    }
}

impl Deref for LiteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for LiteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for LiteTx {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}

impl Tx {
    /// Runs one statement; returns the number of rows it changed.
    pub async fn execute(&mut self, sql: &'static str, vals: Vec<Val>) -> Result<u64> {
        Ok(match self {
            Self::Lite(tx) => sqlx::query_with(sql, lite_arguments(vals)?).execute(&mut **tx).await?.rows_affected(),
            Self::Pg(tx) => sqlx::query_with(sql, pg_arguments(vals)?).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// All rows of a query.
    pub async fn all<T: Row>(&mut self, sql: &'static str, vals: Vec<Val>) -> Result<Vec<T>> {
        Ok(match self {
            Self::Lite(tx) => sqlx::query_as_with(sql, lite_arguments(vals)?).fetch_all(&mut **tx).await?,
            Self::Pg(tx) => sqlx::query_as_with(sql, pg_arguments(vals)?).fetch_all(&mut **tx).await?,
        })
    }

    /// The only row of a query, if there is one.
    pub async fn optional<T: Row>(&mut self, sql: &'static str, vals: Vec<Val>) -> Result<Option<T>> {
        Ok(match self {
            Self::Lite(tx) => sqlx::query_as_with(sql, lite_arguments(vals)?).fetch_optional(&mut **tx).await?,
            Self::Pg(tx) => sqlx::query_as_with(sql, pg_arguments(vals)?).fetch_optional(&mut **tx).await?,
        })
    }

    /// Inserts many rows: `insert` is `INSERT INTO table (columns)`, `conflict` what to do where a row is there. The number
    /// of rows per statement is a power of two, so that few different statements are prepared.
    pub async fn insert_all(
        &mut self,
        insert: &'static str,
        conflict: &'static str,
        rows: Vec<Vec<Val>>,
    ) -> Result<()> {
        let columns = rows.first().map_or(0, Vec::len);
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let count = 1 << rows.len().min(MANY).ilog2();
            let sql = format!("{insert} VALUES {} {conflict}", tuples(self.marks(), count, columns));
            let vals: Vec<Val> = rows.by_ref().take(count).flatten().collect();
            match self {
                Self::Lite(tx) => {
                    sqlx::query_with(AssertSqlSafe(sql), lite_arguments(vals)?).execute(&mut **tx).await?;
                }
                Self::Pg(tx) => {
                    sqlx::query_with(AssertSqlSafe(sql), pg_arguments(vals)?).execute(&mut **tx).await?;
                }
            }
        }
        Ok(())
    }

    /// Runs a statement for many rows at once. They stand between `before`, which ends in `FROM (`, and `after`, which
    /// begins with `) AS v`, and are called `v.column1`, `v.column2`, …; a row may be given more than once.
    pub async fn each(&mut self, before: &'static str, after: &'static str, rows: &[Vec<Val>]) -> Result<()> {
        for rows in rows.chunks(MANY) {
            let (sql, vals) = self.of_rows(before, after, rows);
            match self {
                Self::Lite(tx) => {
                    sqlx::query_with(AssertSqlSafe(sql), lite_arguments(vals)?).execute(&mut **tx).await?;
                }
                Self::Pg(tx) => {
                    sqlx::query_with(AssertSqlSafe(sql), pg_arguments(vals)?).execute(&mut **tx).await?;
                }
            }
        }
        Ok(())
    }

    /// All rows of a query that many rows are given to, as to [`Tx::each`]. It finds the same for a row that is given twice.
    pub async fn all_of<T: Row>(
        &mut self,
        before: &'static str,
        after: &'static str,
        rows: &[Vec<Val>],
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for rows in rows.chunks(MANY) {
            let (sql, vals) = self.of_rows(before, after, rows);
            found.extend(match self {
                Self::Lite(tx) => {
                    sqlx::query_as_with(AssertSqlSafe(sql), lite_arguments(vals)?).fetch_all(&mut **tx).await?
                }
                Self::Pg(tx) => {
                    sqlx::query_as_with(AssertSqlSafe(sql), pg_arguments(vals)?).fetch_all(&mut **tx).await?
                }
            });
        }
        Ok(found)
    }

    fn of_rows(&self, before: &str, after: &str, rows: &[Vec<Val>]) -> (String, Vec<Val>) {
        let columns = rows.first().map_or(0, Vec::len);
        let (count, vals) = padded(rows);
        let sql = format!("{before} VALUES {} {after}", tuples(self.marks(), count, columns));
        (sql, vals.flatten().cloned().collect())
    }

    /// All rows of a query that ends in `IN`, for a list of values of any length. A query that aggregates gives one row
    /// for every [`MANY`] values.
    pub async fn all_in<T: Row>(&mut self, sql: &'static str, list: &[Val]) -> Result<Vec<T>> {
        self.all_in_then(sql, list, "").await
    }

    /// The same, with something behind the list.
    pub async fn all_in_then<T: Row>(
        &mut self,
        sql: &'static str,
        list: &[Val],
        after: &'static str,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for list in list.chunks(MANY) {
            let (text, vals) = of_list(self.marks(), sql, list, after);
            found.extend(match self {
                Self::Lite(tx) => {
                    sqlx::query_as_with(AssertSqlSafe(text), lite_arguments(vals)?).fetch_all(&mut **tx).await?
                }
                Self::Pg(tx) => {
                    sqlx::query_as_with(AssertSqlSafe(text), pg_arguments(vals)?).fetch_all(&mut **tx).await?
                }
            });
        }
        Ok(found)
    }

    fn marks(&self) -> Marks {
        match self {
            Self::Lite(_) => Marks::Nameless,
            Self::Pg(_) => Marks::Numbered,
        }
    }

    /// Makes it durable.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Lite(tx) => tx.commit().await?,
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// How the parameters of a long statement are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// `?`: the embedded database looks a name up among all others whenever it is bound.
    Nameless,
    /// `$1`, `$2`, …
    Numbered,
}

/// A query that has a list behind its `IN`, and what is bound to it.
pub(super) fn of_list(marks: Marks, sql: &str, list: &[Val], after: &str) -> (String, Vec<Val>) {
    let (count, vals) = padded(list);
    (format!("{sql} {} {after}", tuples(marks, 1, count)), vals.cloned().collect())
}

/// The last item again and again up to a power of two, so that few different statements are prepared.
fn padded<T>(items: &[T]) -> (usize, impl Iterator<Item = &T>) {
    let count = items.len().next_power_of_two();
    let padding = items.last().into_iter().cycle().take(count - items.len());
    (count, items.iter().chain(padding))
}

/// `($1, $2), ($3, $4), …`
fn tuples(marks: Marks, rows: usize, columns: usize) -> String {
    let tuple = |row: usize| match marks {
        Marks::Nameless => format!("(?{})", ", ?".repeat(columns.saturating_sub(1))),
        Marks::Numbered => {
            let names: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
            format!("({})", names.join(", "))
        }
    };
    let rows: Vec<String> = (0..rows).map(tuple).collect();
    rows.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(tuples(Marks::Numbered, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(tuples(Marks::Nameless, 2, 2), "(?, ?), (?, ?)");
    }

    #[test]
    fn lists_are_filled_up_to_few_lengths() {
        let list: Vec<Val> = (1_i64..=3).map(Val::from).collect();
        let (sql, vals) = of_list(Marks::Numbered, "x IN", &list, "AND y");
        assert_eq!((sql.as_str(), vals.len()), ("x IN ($1, $2, $3, $4) AND y", 4));
    }
}
