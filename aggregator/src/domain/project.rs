//! What makes a working directory part of a project, and how projects are called.

use std::collections::{HashMap, HashSet};

use muster_proto::remote::normalise;

/// Characters of a commit that tell repositories of one name apart.
const SHORT_COMMIT: usize = 7;

/// What a host says of the repository around a working directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repository {
    /// `HOST/PATH` of its remote.
    pub remote: Option<String>,
    /// Its first commit.
    pub root_commit: Option<String>,
    /// Its top folder: of the main working tree, when the directory lies in another one.
    pub top_level: Option<String>,
    /// Who owns the directory.
    pub owner: Option<String>,
}

impl Repository {
    /// A repository whose coder named only its address.
    pub fn at(address: &str) -> Self {
        Self { remote: normalise(address), ..Self::default() }
    }

    /// What joins working directories to one project: the address, else the first commit, else the folder.
    pub fn identity(&self, path: &str) -> String {
        match (&self.remote, &self.root_commit) {
            (Some(remote), _) => format!("remote:{remote}"),
            (None, Some(commit)) => format!("root:{commit}"),
            (None, None) => format!("path:{}", self.top_level.as_deref().unwrap_or(path)),
        }
    }

    /// A name for its project: the last part of the address, else of the folder.
    pub fn name(&self, path: &str) -> String {
        let from = self.remote.as_deref().or(self.top_level.as_deref()).unwrap_or(path);
        last_parts(from, 1)
    }
}

/// The working directory that a session's directory counts as: worktrees that a coder makes for itself lie in the one
/// they belong to.
pub fn home_of(path: &str) -> &str {
    let path = ["/.claude/worktrees/", "\\.claude\\worktrees\\"]
        .iter()
        .find_map(|folder| path.find(folder).map(|at| &path[..at]))
        .unwrap_or(path);
    let trimmed = path.trim_end_matches(['/', '\\']);
    if trimmed.is_empty() { path } else { trimmed }
}

/// A project, as far as its name goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Name as stored.
    pub name: String,
    /// A person has given the name.
    pub by_person: bool,
    /// What makes it one.
    pub identity: String,
}

/// Names for people, by project id: those that persons gave as they are, of the others as much of the address or path as
/// tells them apart.
pub fn names(projects: &[Named]) -> HashMap<String, String> {
    let given =
        projects.iter().filter(|project| project.by_person).map(|project| (project.id.clone(), project.name.clone()));
    let mut names: HashMap<String, String> = given.collect();
    let mut open: Vec<&Named> = projects.iter().filter(|project| !project.by_person).collect();
    for parts in 1.. {
        let mut seen: HashSet<String> = names.values().cloned().collect();
        let mut twice: HashSet<String> = HashSet::new();
        for project in &open {
            let name = name_of(project, parts);
            if !seen.insert(name.clone()) {
                twice.insert(name);
            }
        }
        let (unclear, clear): (Vec<&Named>, Vec<&Named>) =
            open.into_iter().partition(|project| has_more(project, parts) && twice.contains(&name_of(project, parts)));
        names.extend(clear.into_iter().map(|project| (project.id.clone(), name_of(project, parts))));
        open = unclear;
        if open.is_empty() {
            break;
        }
    }
    names
}

fn name_of(project: &Named, parts: usize) -> String {
    match project.identity.split_once(':') {
        Some(("remote" | "path", place)) => last_parts(place, parts),
        Some(("root", commit)) if parts > 1 => {
            format!("{} ({})", project.name, commit.chars().take(SHORT_COMMIT).collect::<String>())
        }
        _ => project.name.clone(),
    }
}

fn has_more(project: &Named, parts: usize) -> bool {
    name_of(project, parts) != name_of(project, parts + 1)
}

/// The last parts of a path with either kind of slash; the whole path when it has no more.
fn last_parts(path: &str, parts: usize) -> String {
    let trimmed = path.trim_end_matches(['/', '\\']);
    let start = trimmed.rmatch_indices(['/', '\\']).nth(parts - 1).map_or(0, |(at, slash)| at + slash.len());
    let name = &trimmed[start..];
    if name.is_empty() { path.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_counts_before_the_commit_and_the_commit_before_the_folder() {
        let mut repository = Repository::at("https://ann:secret@Example.com/team/api.git");
        repository.root_commit = Some("abc".to_owned());
        repository.top_level = Some("/srv/api".to_owned());
        assert_eq!(repository.identity("/srv/api/src"), "remote:example.com/team/api");
        assert_eq!(repository.name("/srv/api/src"), "api");
        repository.remote = None;
        assert_eq!(repository.identity("/srv/api/src"), "root:abc");
        repository.root_commit = None;
        assert_eq!(repository.identity("/srv/api/src"), "path:/srv/api");
        assert_eq!(Repository::default().identity("/srv/api/src"), "path:/srv/api/src");
        assert_eq!(Repository::default().name("/"), "/");
    }

    #[test]
    fn worktrees_of_the_coder_lie_in_their_home() {
        assert_eq!(home_of("/srv/api/.claude/worktrees/side"), "/srv/api");
        assert_eq!(home_of("/srv/api/.claude/worktrees/side/src"), "/srv/api");
        assert_eq!(home_of("C:\\src\\api\\.claude\\worktrees\\side"), "C:\\src\\api");
        assert_eq!(home_of("/srv/api/"), "/srv/api");
        assert_eq!(home_of("/srv/api/.claude"), "/srv/api/.claude");
        assert_eq!(home_of("/"), "/");
    }

    fn named(identity: &str, given: Option<&str>) -> Named {
        let place = identity.split_once(':').map_or("", |(_, place)| place);
        let name = given.map_or_else(|| last_parts(place, 1), str::to_owned);
        Named { id: identity.to_owned(), name, by_person: given.is_some(), identity: identity.to_owned() }
    }

    #[test]
    fn names_show_as_much_as_tells_projects_apart() {
        let projects = [
            named("remote:example.com/team/api", None),
            named("remote:example.com/other/api", None),
            named("remote:example.org/other/api", None),
            named("path:/srv/web", None),
            named("path:/home/ann/tool", Some("api")),
            named("path:/", None),
        ];
        let names = names(&projects);
        let name = |identity: &str| names[identity].as_str();
        assert_eq!(name("remote:example.com/team/api"), "team/api");
        assert_eq!(name("remote:example.com/other/api"), "example.com/other/api");
        assert_eq!(name("remote:example.org/other/api"), "example.org/other/api");
        assert_eq!(name("path:/srv/web"), "web");
        assert_eq!(name("path:/home/ann/tool"), "api");
        assert_eq!(name("path:/"), "/");
    }

    #[test]
    fn repositories_of_one_name_without_an_address_show_their_commit() {
        let root = |commit: &str| Named { name: "lab".to_owned(), ..named(&format!("root:{commit}"), None) };
        let names = names(&[root("1234567890"), root("abcdefabcd")]);
        assert_eq!(names["root:1234567890"], "lab (1234567)");
        assert_eq!(names["root:abcdefabcd"], "lab (abcdefa)");
    }
}
