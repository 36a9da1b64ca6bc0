//! What a command answers on standard output. A reader that has seen enough, as `head` has, is no failure.

use std::fmt;
use std::io::{self, Write};

use anyhow::Context as _;

/// Prints a line; leaves the function when it cannot be written.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::out::text(format_args!("{}\n", format_args!($($words)*)))?
    };
}
pub(super) use say;

/// Prints a text as it is.
pub(super) fn text(words: impl fmt::Display) -> anyhow::Result<()> {
    print(&mut io::stdout().lock(), &words.to_string()).context("cannot write to standard output")
}

fn print(to: &mut impl Write, text: &str) -> io::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Refuses(io::ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_failure_and_a_full_disk_is_one() {
        let told = |kind| print(&mut Refuses(kind), "words").map_err(|error| error.kind());
        assert_eq!(told(io::ErrorKind::BrokenPipe), Ok(()));
        assert_eq!(told(io::ErrorKind::StorageFull), Err(io::ErrorKind::StorageFull));
    }
}
