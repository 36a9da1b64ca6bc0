//! Every table row by row, in words that both databases share: what backups are made of.
//!
//! The one place where SQL is put together at run time, from the names below and nothing else.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Postgres, Row as _, Sqlite, Transaction};

use super::db::{Db, Tx};
use super::tables::Kind::{self, Blob, Bool, Int, Text};
use super::tables::{TABLES, Table};
use super::{Result, StoreError};

/// A value in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// TEXT
    Text(String),
    /// BIGINT
    Int(i64),
    /// BOOLEAN
    Bool(bool),
    /// BLOB, BYTEA
    Blob(Vec<u8>),
}

/// All tables at one moment, whatever is written meanwhile.
pub enum Snapshot {
    /// Of the embedded database: a read transaction in its write-ahead log.
    Lite(Transaction<'static, Sqlite>),
    /// Of PostgreSQL: REPEATABLE READ.
    Pg(Transaction<'static, Postgres>),
}

impl Snapshot {
    /// Takes the moment.
    pub async fn begin(db: &Db) -> Result<Self> {
        Ok(match db {
            Db::Lite { readers, .. } => Self::Lite(readers.begin().await?),
            Db::Pg(pool) => Self::Pg(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        })
    }

    /// Hands every row of a table to `take`, one at a time.
    pub async fn each<E: From<StoreError>>(
        &mut self,
        table: &Table,
        mut take: impl FnMut(Vec<Cell>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let columns: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
        let sql = AssertSqlSafe(format!("SELECT {} FROM {}", columns.join(", "), table.name));
        match self {
            Self::Lite(tx) => {
                let mut rows = sqlx::query(sql).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
                    take(lite_cells(&row, table)?)?;
                }
            }
            Self::Pg(tx) => {
                let mut rows = sqlx::query(sql).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
                    take(pg_cells(&row, table)?)?;
                }
            }
        }
        Ok(())
    }
}

macro_rules! cells {
    ($name:ident, $row:ty) => {
        fn $name(row: &$row, table: &Table) -> Result<Vec<Cell>> {
            let cell = |(place, (_, kind)): (usize, &(&str, Kind))| -> sqlx::Result<Cell> {
                let cell = match kind {
                    Text => row.try_get::<Option<String>, _>(place)?.map(Cell::Text),
                    Int => row.try_get::<Option<i64>, _>(place)?.map(Cell::Int),
                    Bool => row.try_get::<Option<bool>, _>(place)?.map(Cell::Bool),
                    Blob => row.try_get::<Option<Vec<u8>>, _>(place)?.map(Cell::Blob),
                };
                Ok(cell.unwrap_or(Cell::Null))
            };
            Ok(table.columns.iter().enumerate().map(cell).collect::<sqlx::Result<_>>()?)
        }
    };
}
cells!(lite_cells, SqliteRow);
cells!(pg_cells, PgRow);

macro_rules! arguments {
    ($name:ident, $arguments:ty) => {
        fn $name(columns: &[(&str, Kind)], cells: Vec<Cell>) -> Result<$arguments> {
            let mut arguments = <$arguments>::default();
            for ((_, kind), cell) in columns.iter().zip(cells) {
                match (cell, kind) {
                    (Cell::Text(value), _) => arguments.add(value),
                    (Cell::Int(value), _) => arguments.add(value),
                    (Cell::Bool(value), _) => arguments.add(value),
                    (Cell::Blob(value), _) => arguments.add(value),
                    (Cell::Null, Text) => arguments.add(None::<String>),
                    (Cell::Null, Int) => arguments.add(None::<i64>),
                    (Cell::Null, Bool) => arguments.add(None::<bool>),
                    (Cell::Null, Blob) => arguments.add(None::<Vec<u8>>),
                }
                .map_err(sqlx::Error::Encode)?;
            }
            Ok(arguments)
        }
    };
}
arguments!(lite_arguments, SqliteArguments);
arguments!(pg_arguments, PgArguments);

/// A table's columns that are being written, in the order of their values.
#[derive(Debug)]
pub struct Target {
    columns: Vec<(&'static str, Kind)>,
    sql: String,
}

impl Target {
    /// The named columns of a table; the others get their defaults. `Err` names a column that does not exist.
    pub fn new(table: &'static Table, columns: &[String]) -> std::result::Result<Self, String> {
        let find = |name: &String| table.columns.iter().find(|(known, _)| known == name).copied();
        let columns: Vec<_> =
            columns.iter().map(|name| find(name).ok_or_else(|| name.clone())).collect::<std::result::Result<_, _>>()?;
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, names.join(", "), places.join(", "));
        Ok(Self { columns, sql })
    }

    /// Adds a row. Its cells must be as many as the columns, and of their types.
    pub async fn insert(&self, tx: &mut Tx, cells: Vec<Cell>) -> Result<()> {
        let sql = AssertSqlSafe(self.sql.clone());
        match tx {
            Tx::Lite(tx) => {
                sqlx::query_with(sql, lite_arguments(&self.columns, cells)?).execute(&mut **tx).await?;
            }
            Tx::Pg(tx) => {
                sqlx::query_with(sql, pg_arguments(&self.columns, cells)?).execute(&mut **tx).await?;
            }
        }
        Ok(())
    }

    /// Whether these cells fit the columns.
    pub fn fits(&self, cells: &[Cell]) -> bool {
        let fits = |((_, kind), cell): (&(&str, Kind), &Cell)| match cell {
            Cell::Null => true,
            Cell::Text(_) => *kind == Text,
            Cell::Int(_) => *kind == Int,
            Cell::Bool(_) => *kind == Bool,
            Cell::Blob(_) => *kind == Blob,
        };
        cells.len() == self.columns.len() && self.columns.iter().zip(cells).all(fits)
    }
}

/// Whether nobody has used this database yet: settings alone do not count.
pub async fn is_empty(tx: &mut Tx) -> Result<bool> {
    for table in TABLES.iter().filter(|table| table.name != "settings") {
        let rows = count(tx, table).await?;
        if rows > 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn count(tx: &mut Tx, table: &Table) -> Result<i64> {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {}", table.name));
    Ok(match tx {
        Tx::Lite(tx) => sqlx::query_scalar(sql).fetch_one(&mut **tx).await?,
        Tx::Pg(tx) => sqlx::query_scalar(sql).fetch_one(&mut **tx).await?,
    })
}

/// Deletes every row of every table.
pub async fn wipe(tx: &mut Tx) -> Result<()> {
    for table in TABLES.iter().rev() {
        let sql = AssertSqlSafe(format!("DELETE FROM {}", table.name));
        match tx {
            Tx::Lite(tx) => sqlx::query(sql).execute(&mut **tx).await?.rows_affected(),
            Tx::Pg(tx) => sqlx::query(sql).execute(&mut **tx).await?.rows_affected(),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{embedded, postgres};

    fn ours(kind_of: impl Fn(Kind) -> &'static str) -> Vec<(String, String, String)> {
        let columns = TABLES.iter().flat_map(|table| {
            table
                .columns
                .iter()
                .map(|(name, kind)| (table.name.to_owned(), (*name).to_owned(), kind_of(*kind).to_owned()))
        });
        let mut columns: Vec<_> = columns.collect();
        columns.sort();
        columns
    }

    #[tokio::test]
    async fn every_column_of_the_embedded_database_is_in_a_backup() {
        let test = embedded().await;
        let sql = "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c \
            WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx_%' ORDER BY 1, 2";
        let Db::Lite { readers, .. } = &test.db else { unreachable!() };
        let theirs: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(readers).await.unwrap();
        let word = |kind| match kind {
            Text => "TEXT",
            Int => "BIGINT",
            Bool => "BOOLEAN",
            Blob => "BLOB",
        };
        assert_eq!(ours(word), theirs);
    }

    #[tokio::test]
    async fn every_column_of_postgresql_is_in_a_backup() {
        let test = postgres().await;
        let sql = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
            WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1, 2";
        let Db::Pg(pool) = &test.db else { unreachable!() };
        let mut theirs: Vec<(String, String, String)> = sqlx::query_as(sql).fetch_all(pool).await.unwrap();
        theirs.sort();
        let word = |kind| match kind {
            Text => "text",
            Int => "bigint",
            Bool => "boolean",
            Blob => "bytea",
        };
        assert_eq!(ours(word), theirs);
    }
}
