//! Where secrets stand in a text.

use super::rules::{Rule, Rules, rules};

/// Bytes before and after a keyword in which its rule is tried. No rule but those for whole keys looks further.
const BEFORE: usize = 256;
const AFTER: usize = 4 * 1024;

/// A key block is longer than any token.
const AFTER_KEY: usize = 64 * 1024;

/// A text that looks like a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its first byte.
    pub(super) start: usize,
    /// After its last byte.
    pub(super) end: usize,
    /// Number of the rule that found it.
    pub(super) rule: usize,
}

/// All secrets in a text, in order, none within another.
pub(super) fn scan(text: &[u8]) -> Vec<Hit> {
    let rules = rules();
    let mut hits = Vec::new();
    for (rule, from, to) in windows(rules, text) {
        rules.all[rule].find(rules, text, (from, to), |start, end| hits.push(Hit { start, end, rule }));
    }
    settle(&rules.all, hits)
}

/// Which rules are to be tried where: the surroundings of their keywords, joined where they touch.
fn windows(rules: &Rules, text: &[u8]) -> Vec<(usize, usize, usize)> {
    let mut open: Vec<Option<(usize, usize)>> = vec![None; rules.all.len()];
    let mut windows = Vec::new();
    let Some(keywords) = &rules.keywords else { return windows };
    for found in keywords.find_overlapping_iter(text) {
        let rule = rules.rule_of[found.pattern().as_usize()];
        let after = if found.end() - found.start() > 9 { AFTER_KEY } else { AFTER };
        let (from, to) = (found.start().saturating_sub(BEFORE), (found.end() + after).min(text.len()));
        open[rule] = match open[rule] {
            Some((begun, ends)) if from <= ends => Some((begun, ends.max(to))),
            Some((begun, ends)) => {
                windows.push((rule, begun, ends));
                Some((from, to))
            }
            None => Some((from, to)),
        };
    }
    let last = open.iter().enumerate().filter_map(|(rule, window)| window.map(|(from, to)| (rule, from, to)));
    windows.extend(last);
    windows
}

/// Of hits that overlap, the one of the more telling rule, then the longer one.
fn settle(rules: &[Rule], mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (rules[hit.rule].is_generic(), std::cmp::Reverse(hit.end - hit.start), hit.start, hit.rule));
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        // Few secrets stand in one text.
        if !kept.iter().any(|other| hit.start < other.end && other.start < hit.end) {
            kept.push(hit);
        }
    }
    kept.sort_by_key(|hit| hit.start);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        let hits = scan(text.as_bytes());
        hits.iter().map(|hit| (&*rules().all[hit.rule].id, &text[hit.start..hit.end])).collect()
    }

    /// Secrets that never were: put together so that this file itself holds none.
    fn made(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn well_known_secrets_are_found_with_their_names() {
        let github = made(&["ghp", "_", "wJalrXUtnFEMIK7MDENGbPxRfiCYzz12ab34"]);
        assert_eq!(found(&format!("export GH={github} # x")), [("github-pat", github.as_str())]);
        let aws = made(&["AK", "IA", "QYLPMN5HHHFPZAM2"]);
        assert_eq!(found(&format!("aws_access_key_id = {aws}\n")), [("aws-access-token", aws.as_str())]);
        let url = "postgres://app:s3cr3t-Pa55@db.internal:5432/app";
        assert_eq!(found(url), [("url-password", "s3cr3t-Pa55")]);
        let bearer = made(&["Authorization: Bearer ", "q7Zk2LmN8vBx4TyR1wPs6DfG"]);
        assert_eq!(found(&bearer), [("authorization-header", "q7Zk2LmN8vBx4TyR1wPs6DfG")]);
    }

    #[test]
    fn a_whole_key_is_found() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n".repeat(30);
        let key = made(&["-----BEGIN ", "PRIVATE KEY-----\n", &body, "-----END PRIVATE KEY-----"]);
        assert_eq!(found(&format!("cat key\n{key}\ndone")), [("private-key", key.as_str())]);
    }

    #[test]
    fn an_assignment_of_something_random_is_found_and_plain_words_are_not() {
        let text = "api_key = \"q7Zk2LmN8vBx4TyR1wPs6DfG\"";
        assert_eq!(found(text), [("generic-api-key", "q7Zk2LmN8vBx4TyR1wPs6DfG")]);
        for plain in
            ["the key = value", "token: string", "password = os.environ[\"PASSWORD\"]", "let key = keyboard_layout;"]
        {
            assert_eq!(found(plain), [], "{plain}");
        }
    }

    #[test]
    fn a_special_rule_outdoes_the_generic_one() {
        let github = made(&["ghp", "_", "wJalrXUtnFEMIK7MDENGbPxRfiCYzz12ab34"]);
        assert_eq!(found(&format!("github_token: \"{github}\"")), [("github-pat", github.as_str())]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_can_be_scanned(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
            let hits = scan(&text);
            for pair in hits.windows(2) {
                proptest::prop_assert!(pair[0].end <= pair[1].start);
            }
        }
    }
}
