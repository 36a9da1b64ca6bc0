//! Addresses of repositories, in one form for both sides of the link: host and path, nothing secret.

/// Longest address that is looked at.
const MOST_BYTES: usize = 2048;

/// Second doors of well-known forges: the same repositories as behind the first.
const DOORS: [(&str, &str); 4] = [
    ("ssh.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
    ("ssh.dev.azure.com", "dev.azure.com"),
];

/// `HOST/PATH` of a repository's address: `git@host:a/b.git`, `https://you:secret@host/a/b` and `ssh://git@host:2222/a/b`
/// all are `host/a/b`. Who asks, with what password, by which protocol and port is left out. `None` for folders of the
/// same machine and whatever else names no other one.
pub fn normalise(address: &str) -> Option<String> {
    let address = address.trim();
    if address.is_empty() || address.len() > MOST_BYTES || address.chars().any(char::is_control) {
        return None;
    }
    let (authority, path) = match address.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.to_ascii_lowercase();
            if scheme == "file" || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                return None;
            }
            let (authority, path) = rest.split_once('/')?;
            (authority, path.split(['?', '#']).next().unwrap_or(path))
        }
        None => short_form(address)?,
    };
    let host = host_of(authority)?;
    let path = path_of(&host, path)?;
    Some(format!("{host}/{path}"))
}

/// `user@host:path`, the short form of ssh.
fn short_form(address: &str) -> Option<(&str, &str)> {
    // What stands before an `@` can be a secret with a colon in it.
    let head = address.split('/').next().unwrap_or(address);
    let host = head.rfind('@').map_or(0, |at| at + 1);
    let colon = match address[host..].find("]:") {
        Some(bracket) => host + bracket + 1,
        None => host + address[host..].find(':')?,
    };
    let (authority, path) = (&address[..colon], &address[colon + 1..]);
    // A slash before the colon, or a drive letter: a folder of this machine.
    let local = authority.contains(['/', '\\']) || (authority.len() == 1 && authority.is_ascii());
    (!local).then_some((authority, path))
}

/// The host in `user:password@host:port`.
fn host_of(authority: &str) -> Option<String> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => format!("[{address}]"),
        None => host.split_once(':').map_or(host, |(host, _)| host).to_owned(),
    };
    let host = host.trim_end_matches('.').to_lowercase();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    let host = DOORS.iter().find(|(second, _)| *second == host).map_or(host.clone(), |(_, first)| (*first).to_owned());
    (!host.is_empty() && host.chars().all(plain)).then_some(host)
}

fn path_of(host: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if host == "dev.azure.com" {
        // `v3/ORG/PROJECT/REPO` by ssh, `ORG/PROJECT/_git/REPO` otherwise.
        parts.retain(|part| !matches!(*part, "_git" | "v3"));
    }
    let path = parts.join("/");
    let path = path.strip_suffix(".git").unwrap_or(&path);
    (!path.is_empty() && !parts.contains(&"..")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_one_form() {
        for address in [
            "git@example.com:team/api.git",
            "git@example.com:/team/api.git",
            "example.com:team/api",
            "https://example.com/team/api",
            "https://example.com/team/api/",
            "https://example.com/team/api.git?x=1#y",
            "https://ann:s3cret@example.com/team/api.git",
            "https://token@EXAMPLE.com:8443/team//api.git",
            "ssh://git@example.com:2222/team/api.git",
            "ssh://example.com./team/api",
            "git://example.com/team/api.git",
            "git+ssh://git@Example.Com/team/api",
            "  https://example.com/team/api\n",
        ] {
            assert_eq!(normalise(address).as_deref(), Some("example.com/team/api"), "{address}");
        }
    }

    #[test]
    fn the_form_is_stable() {
        let form = normalise("git@example.com:team/Api.git").unwrap();
        assert_eq!(form, "example.com/team/Api");
        assert_eq!(normalise(&format!("https://{form}")), Some(form));
    }

    #[test]
    fn second_doors_of_forges_lead_to_the_same_repositories() {
        assert_eq!(normalise("ssh://git@ssh.github.com:443/a/b.git"), normalise("https://github.com/a/b"));
        assert_eq!(
            normalise("git@ssh.dev.azure.com:v3/org/project/repo"),
            normalise("https://org@dev.azure.com/org/project/_git/repo")
        );
        assert_eq!(normalise("git@[2001:db8::1]:a/b.git").as_deref(), Some("[2001:db8::1]/a/b"));
        assert_eq!(normalise("ssh://git@[2001:db8::1]:22/a/b").as_deref(), Some("[2001:db8::1]/a/b"));
    }

    #[test]
    fn folders_of_the_same_machine_are_no_addresses() {
        for address in [
            "",
            "/srv/git/api.git",
            "../api",
            "./a:b",
            "C:\\src\\api",
            "C:/src/api",
            "file:///srv/git/api.git",
            "api",
            "https://example.com",
            "https://example.com/",
            "https:///a/b",
            "git@:a/b",
            "https://exa mple.com/a",
            "https://example.com/../../etc",
            "https://example.com/a\u{0}b",
        ] {
            assert_eq!(normalise(address), None, "{address:?}");
        }
    }

    #[test]
    fn no_password_survives() {
        for address in
            ["https://ann:s3cret@example.com/a/b", "https://s3cret@example.com/a/b", "ann:s3cret@example.com:a/b"]
        {
            let form = normalise(address).unwrap_or_default();
            assert!(!form.contains("s3cret"), "{address} -> {form}");
        }
    }
}
