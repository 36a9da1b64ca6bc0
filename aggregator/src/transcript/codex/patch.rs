//! Patches: which files they touch, and by how much.

use crate::transcript::object::Object;

/// Files told of one patch.
const FILES: usize = 50;

/// The files that a text in the format of `apply_patch` changes; none when it holds no patch.
pub(super) fn files(text: &str) -> Vec<String> {
    let Some((_, patch)) = text.split_once("*** Begin Patch") else { return Vec::new() };
    // A patch inside a script stands there with its newlines escaped.
    let patch = if patch.starts_with("\\n") { patch.replace("\\n", "\n") } else { patch.to_owned() };
    let mut files: Vec<String> = Vec::new();
    for line in patch.lines() {
        let file = ["*** Add File: ", "*** Update File: ", "*** Delete File: "]
            .iter()
            .find_map(|start| line.trim_start().strip_prefix(start))
            .map(str::trim);
        if let Some(file) = file.filter(|file| !file.is_empty() && !files.iter().any(|known| known == file)) {
            files.push(file.to_owned());
        }
        if files.len() == FILES {
            break;
        }
    }
    files
}

/// Lines added and removed by the `changes` of a `patch_apply_end`.
pub(super) fn changed(changes: &Object<'_>) -> (u32, u32) {
    let (mut added, mut removed) = (0_u32, 0_u32);
    for (_, raw) in changes.fields() {
        let Some(change) = Object::of(raw) else { continue };
        let lines = |field: &str| change.text(field).map_or(0, |text| text.lines().count());
        match change.text("type").as_deref() {
            Some("add") => added = plus(added, lines("content")),
            Some("delete") => removed = plus(removed, lines("content")),
            _ => {
                let diff = change.text("unified_diff").unwrap_or_default();
                let of = |sign: char| {
                    let head = String::from_iter([sign, sign, sign]);
                    diff.lines().filter(|line| line.starts_with(sign) && !line.starts_with(&head)).count()
                };
                (added, removed) = (plus(added, of('+')), plus(removed, of('-')));
            }
        }
    }
    (added, removed)
}

fn plus(sum: u32, lines: usize) -> u32 {
    sum.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_its_files() {
        let patch = "*** Begin Patch\n*** Update File: src/a.rs\n@@\n-x\n+y\n*** Add File: b.txt\n+z\n*** End Patch";
        assert_eq!(files(patch), ["src/a.rs", "b.txt"]);
        assert_eq!(files("apply_patch <<'EOF'\n*** Begin Patch\n*** Delete File: c\n*** End Patch\nEOF"), ["c"]);
        assert_eq!(files(r#"const p = "*** Begin Patch\n*** Update File: n.tsx\n*** End Patch";"#), ["n.tsx"]);
        assert!(files("cargo test").is_empty());
    }

    #[test]
    fn changed_lines_are_counted_without_the_heads_of_a_diff() {
        let changes = r#"{"/a":{"type":"update","unified_diff":"--- a\n+++ b\n@@ -1,2 +1,3 @@\n-x\n+y\n+z\n w\n"},
            "/b":{"type":"add","content":"1\n2\n"},"/c":{"type":"delete","content":"1"},"/d":7}"#;
        assert_eq!(changed(&Object::read(changes).unwrap()), (4, 2));
    }
}
