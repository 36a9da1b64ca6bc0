//! What was measured, as a Markdown table.

use std::fmt;
use std::time::Duration;

/// One measure.
#[derive(Debug, Clone)]
pub struct Row {
    what: String,
    target: String,
    measured: String,
}

/// All measures of a run and the machine they were taken on.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds a row.
    pub fn row(&mut self, what: &str, target: &str, measured: String) {
        eprintln!("  {what}: {measured}");
        self.rows.push(Row { what: what.to_owned(), target: target.to_owned(), measured });
    }

    /// Adds a row about something that could not be measured; the other measures still count.
    pub fn failed(&mut self, what: &str, error: &anyhow::Error) {
        self.row(what, "", format!("not measured: {error:#}"));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | target | measured |\n|---|---|---|")?;
        for Row { what, target, measured } in &self.rows {
            writeln!(f, "| {what} | {target} | {} |", measured.replace('|', "\\|").replace('\n', " "))?;
        }
        Ok(())
    }
}

/// Processor, memory, kernel and load of this machine, in one line.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (cpus, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let after = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kib: u64 = after(&memory, "MemTotal").split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let load = read("/proc/loadavg");
    format!(
        "{cores} cores of {}, {} GB, Linux {}, load average {}",
        after(&cpus, "model name"),
        kib / 1_000_000,
        read("/proc/sys/kernel/osrelease").trim(),
        load.split(' ').next().unwrap_or_default(),
    )
}

/// `12.3 ms`
pub fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// `12.3 MB`
pub fn mb(bytes: u64) -> String {
    format!("{:.1} MB", mega(bytes))
}

/// Megabytes (10⁶).
pub fn mega(bytes: u64) -> f64 {
    // Kilobytes fit into 32 bits up to four terabytes.
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1000.0
}

/// The middle one of some durations; zero when there is none.
pub fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// The duration below which this many of a hundred lie; zero when there is none.
pub fn percentile(durations: &[Duration], percent: usize) -> Duration {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::default();
        table.row("open", "10 ms", ms(Duration::from_micros(1250)));
        assert_eq!(table.to_string(), "| what | target | measured |\n|---|---|---|\n| open | 10 ms | 1.2 ms |\n");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([5, 1, 9].map(Duration::from_millis).to_vec()), Duration::from_millis(5));
        assert_eq!(percentile(&[1, 2, 3, 40].map(Duration::from_millis), 99), Duration::from_millis(40));
        assert_eq!(mb(1_500_000), "1.5 MB");
    }
}
