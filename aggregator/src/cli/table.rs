//! Lists on the terminal.

use super::out::text;
use crate::domain::time::{Millis, rfc3339};

/// Prints rows under headings, in columns as wide as their widest cell.
pub(super) fn print<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> anyhow::Result<()> {
    text(layout(headings, rows))
}

/// Rows under headings, in columns as wide as their widest cell.
pub(super) fn layout<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let all = || std::iter::once(&headings).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A time, or a dash.
pub(super) fn time(at: Option<Millis>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| rfc3339(at / 1000 * 1000).replace(".000", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let text = layout(["NAME", "OS"], &[["a".into(), "linux".into()], ["longer".into(), "-".into()]]);
        assert_eq!(text, "NAME    OS\na       linux\nlonger  -\n");
    }
}
