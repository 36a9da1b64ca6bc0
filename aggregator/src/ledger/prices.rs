//! Keeping the price table.

use super::defaults;
use crate::store::{Db, Result, prices, settings};

/// Setting that says which table of ours the database has.
const SEEDED: &str = "prices.defaults";

/// Gives the database the price table of this build, once; prices that a person has changed stay. Says whether any was
/// added.
pub async fn seed(db: &Db) -> Result<bool> {
    if settings::get(db, SEEDED).await?.is_some_and(|date| date.as_str() >= defaults::DATE) {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let mut added = false;
    for price in defaults::prices() {
        added |= prices::add(&mut tx, &price).await?;
    }
    tx.commit().await?;
    settings::set(db, SEEDED, defaults::DATE).await?;
    Ok(added)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing;

    #[tokio::test]
    async fn the_table_is_given_once_and_changes_stay() {
        for test in testing::both().await {
            assert!(seed(&test.db).await.unwrap());
            let mut mine = prices::all(&test.db).await.unwrap();
            assert_eq!(mine.len(), defaults::prices().len());
            mine[0].input = 1;
            let mut tx = test.db.begin().await.unwrap();
            prices::put(&mut tx, &mine[0]).await.unwrap();
            assert!(prices::delete(&mut tx, &mine[1].model, mine[1].valid_from).await.unwrap());
            assert!(!prices::delete(&mut tx, "nobody", 0).await.unwrap());
            tx.commit().await.unwrap();
            mine.remove(1);
            assert!(!seed(&test.db).await.unwrap());
            assert_eq!(prices::all(&test.db).await.unwrap(), mine);
            let mut tx = test.db.begin().await.unwrap();
            let table = prices::table(&mut tx).await.unwrap();
            assert_eq!(table.of(&mine[0].model, mine[0].valid_from).map(|price| price.input), Some(1));
        }
    }
}
