//! Write transactions.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use super::db::{Result, Row, Val, lite_arguments, pg_arguments};

/// Rows or values of one statement at most: enough that the hand-off per statement vanishes, and far below the bounds of
/// both databases.
const MANY: usize = 64;

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
}

impl LiteTx {
    /// Takes the writer and begins.
    pub(super) async fn begin(writer: &SqlitePool) -> Result<Self> {
        let mut tx = Self { connection: writer.acquire().await?, committed: false };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *tx).await?;
        Ok(tx)
    }

    async fn commit(mut self) -> Result<()> {
        sqlx::query("COMMIT").execute(&mut *self).await?;
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
            let sql = format!("{insert} VALUES {} {conflict}", tuples(count, columns));
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

    /// All rows of a query that ends in `IN`, for a list of values of any length. A query that aggregates gives one row
    /// for every [`MANY`] values.
    pub async fn all_in<T: Row>(&mut self, sql: &'static str, first: Vec<Val>, list: &[Val]) -> Result<Vec<T>> {
        let mut found = Vec::new();
        for list in list.chunks(MANY) {
            // The last value again and again up to a power of two, so that few different statements are prepared.
            let count = list.len().next_power_of_two();
            let padding = list.last().into_iter().cycle().take(count - list.len());
            let vals: Vec<Val> = first.iter().chain(list).chain(padding).cloned().collect();
            let text = format!("{sql} ({})", numbers(first.len(), count));
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

    /// Makes it durable.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Lite(tx) => tx.commit().await?,
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// `$1, $2, …` after `skipped` others.
fn numbers(skipped: usize, count: usize) -> String {
    let names: Vec<String> = (skipped + 1..=skipped + count).map(|number| format!("${number}")).collect();
    names.join(", ")
}

/// `($1, $2), ($3, $4), …`
fn tuples(rows: usize, columns: usize) -> String {
    let rows: Vec<String> = (0..rows).map(|row| format!("({})", numbers(row * columns, columns))).collect();
    rows.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(numbers(1, 3), "$2, $3, $4");
        assert_eq!(tuples(2, 2), "($1, $2), ($3, $4)");
    }
}
