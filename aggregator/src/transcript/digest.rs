//! Telling calls and outcomes apart without keeping them.

use super::act::ToolUse;

/// Bytes at each end of an outcome that are looked at, beside its length.
const END_BYTES: usize = 2_048;

/// Words in a command that say that it waits.
const WAITING: [&str; 5] = ["sleep", "wait", "watch", "checks", "rollout"];

/// Parts of a tool's name that say that it waits for something, or asks how far that is.
const ASKING: [&str; 7] = ["output", "wait", "poll", "sleep", "status", "monitor", "stdin"];

/// Digest of a call's input, so that equal calls are recognised. Not secret, and the same on every machine.
pub fn of_input(name: &str, input: &str) -> u64 {
    mix(mix(0, name.as_bytes()), input.as_bytes())
}

/// Digest of an outcome: its length and both its ends.
pub fn of_outcome(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let head = &bytes[..bytes.len().min(END_BYTES)];
    let tail = &bytes[bytes.len().saturating_sub(END_BYTES).max(head.len())..];
    mix(mix(bytes.len() as u64, head), tail)
}

/// Digest of the id of a line, never 0: small, because many are remembered, and enough to tell the lines of one transcript
/// apart.
pub fn of_id(id: &str) -> u32 {
    let sum = mix(0, id.as_bytes());
    u32::try_from((sum ^ (sum >> 32)) & u64::from(u32::MAX)).unwrap_or(0).max(1)
}

/// Eight bytes at a time: input can be a whole file.
fn mix(seed: u64, bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |sum: u64, word: u64| {
        let sum = (sum ^ word).wrapping_mul(ODD);
        sum ^ (sum >> 29)
    };
    let words = bytes.chunks_exact(8);
    let mut rest = [0; 8];
    rest[..words.remainder().len()].copy_from_slice(words.remainder());
    let sum = words.map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default())).fold(seed ^ ODD, step);
    step(step(sum, u64::from_le_bytes(rest)), bytes.len() as u64)
}

impl ToolUse {
    /// Making this call again is no loop: it waits, or asks how far something is. `about` is the input that says most.
    pub fn waits_for(name: &str, about: Option<&str>) -> bool {
        let name = name.rsplit("__").next().unwrap_or(name).to_ascii_lowercase();
        let is_command =
            matches!(name.as_str(), "bash" | "powershell" | "shell" | "exec_command" | "run_shell_command");
        let mut words = about.unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
        ASKING.iter().any(|part| name.contains(part)) || is_command && words.any(|word| WAITING.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_calls_have_equal_digests_and_others_do_not() {
        assert_eq!(of_input("Read", "{\"a\":1}"), of_input("Read", "{\"a\":1}"));
        let inputs = ["", "a", "b", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "aaaaaaaaaaaaaaaab"];
        let mut seen: Vec<u64> =
            inputs.iter().flat_map(|input| ["Read", "Bash"].map(|name| of_input(name, input))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 2 * inputs.len());
        let long = "x".repeat(10_000);
        assert_eq!(of_outcome(&long), of_outcome(&long.clone()));
        assert_ne!(of_outcome(&long), of_outcome(&format!("{long}x")));
        assert_ne!(of_outcome(&long), of_outcome(&format!("y{}", &long[1..])));
        assert_ne!(of_outcome(&long), of_outcome(&format!("{}y", &long[1..])));
    }

    #[test]
    fn whoever_waits_is_known() {
        let waits = |name: &str, about: &str| ToolUse::waits_for(name, Some(about));
        for (name, about) in [
            ("BashOutput", "shell_1"),
            ("TaskOutput", "x"),
            ("Bash", "sleep 30 && cat log"),
            ("Bash", "gh pr checks 12 --watch"),
            ("Bash", "kubectl rollout status deploy/api"),
            ("mcp__ci__get_status", "7"),
            ("write_stdin", ""),
        ] {
            assert!(waits(name, about), "{name} {about}");
        }
        for (name, about) in
            [("Bash", "npm test"), ("Read", "/srv/sleep.rs"), ("Grep", "wait"), ("Edit", "/a/watch.ts")]
        {
            assert!(!waits(name, about), "{name} {about}");
        }
    }
}
