//! Waiting for a condition instead of for a time.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long a condition may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks at a condition, at least.
const PAUSE: Duration = Duration::from_millis(25);

/// Asks `look` again and again until it answers `Ok`. After `patience` panics with `what` and the last `Err`.
pub async fn until_within<T, F, Fut>(what: &str, patience: Duration, look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    match within(patience, look).await {
        Ok(value) => value,
        Err(seen) => panic!("waited {} s in vain until {what}; last seen: {seen}", patience.as_secs()),
    }
}

/// Asks `look` again and again until it answers `Ok`, or `patience` is over: then its last `Err`.
pub async fn within<T, F, Fut>(patience: Duration, look: F) -> Result<T, String>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    // A look that costs much is taken seldom: it must not slow down what it waits for.
    seldom(patience, 2, look).await
}

/// The same, with a rest after each look of so many times what it took.
pub async fn seldom<T, F, Fut>(patience: Duration, rest: u32, mut look: F) -> Result<T, String>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let start = Instant::now();
    loop {
        let began = Instant::now();
        match look().await {
            Ok(value) => return Ok(value),
            Err(seen) if start.elapsed() >= patience => return Err(seen),
            Err(_) => tokio::time::sleep(PAUSE.max(began.elapsed() * rest)).await,
        }
    }
}

/// [`until_within`] the usual [`PATIENCE`].
pub async fn until<T, F, Fut>(what: &str, look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    until_within(what, PATIENCE, look).await
}
