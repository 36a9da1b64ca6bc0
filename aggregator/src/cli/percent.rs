//! Text in the query of an address.

use std::fmt::Write as _;

/// Everything but letters, digits and `-._~` as `%XX`.
pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_fits_into_an_address() {
        assert_eq!(encode("a b&c=\"日\"~"), "a%20b%26c%3D%22%E6%97%A5%22~");
    }
}
