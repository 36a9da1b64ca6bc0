//! Lines of a simulated host: made once, then only stamped, so that making them costs the machine nothing.

use jiff::Timestamp;

use super::stamp::Clock;
use crate::pen::{Facts, Pen};

/// One reply of about a kilobyte, ready to be stamped.
#[derive(Debug, Clone)]
pub struct Template {
    before: String,
    after: String,
    clock: Clock,
}

impl Template {
    /// The line of this session.
    pub fn new(clock: Clock, session: &str) -> Self {
        let mut pen = Pen::new(Facts {
            session: session.to_owned(),
            cwd: "/srv/load".to_owned(),
            branch: "main".to_owned(),
            version: "2.1.329".to_owned(),
            entrypoint: "sdk-cli".to_owned(),
            model: "claude-sonnet-5".to_owned(),
        });
        let text = format!("\u{1}. {}", "The reply says what was found and what comes next. ".repeat(6));
        let line = pen.text(&text, false, Timestamp::now());
        let (before, after) = line.split_once("\\u0001").unwrap_or((&line, ""));
        Self { before: before.to_owned(), after: after.to_owned(), clock }
    }

    /// The line, newline included, stamped now.
    pub fn line(&self) -> String {
        [self.before.as_str(), &self.clock.stamp(), &self.after].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whole_and_carries_one_stamp() {
        let clock = Clock::start();
        let line = Template::new(clock, "s").line();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(clock.ages(value["message"]["content"][0]["text"].as_str().unwrap()).len(), 1);
        assert!(line.ends_with('\n'));
    }
}
