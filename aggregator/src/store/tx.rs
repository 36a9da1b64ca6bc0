//! Write transactions.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Postgres, Sqlite, Transaction};

use super::db::{Result, Row, Val, lite_arguments, pg_arguments};

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

    /// Makes it durable.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Lite(tx) => tx.commit().await?,
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
