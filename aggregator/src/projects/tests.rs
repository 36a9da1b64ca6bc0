//! Joining, splitting and undoing it, on both databases.

use muster_proto::ids::HostId;

use super::{ProjectError, Projects, Target};
use crate::access::By;
use crate::domain::project::Repository;
use crate::live::Wake;
use crate::store::Db;
use crate::store::audit;
use crate::store::hosts::{self, Facts};
use crate::store::projects::{self, Beginning};
use crate::store::sessions::{self, SessionRow};
use crate::store::testing::{TestDb, both};

/// Two hosts in an empty database.
struct Stand {
    db: Db,
    hosts: [String; 2],
    _database: TestDb,
}

impl Stand {
    async fn new(database: TestDb) -> Self {
        let (db, ids) = (database.db.clone(), [HostId::new(), HostId::new()]);
        let mut tx = db.begin().await.unwrap();
        for (id, name) in ids.iter().zip(["mac", "box"]) {
            hosts::insert(&mut tx, *id, name, b"key", &Facts::default(), 0).await.unwrap();
        }
        tx.commit().await.unwrap();
        Self { db, hosts: ids.map(|id| id.to_string()), _database: database }
    }

    /// A session that began there; its project.
    async fn session(&self, id: &str, host: usize, path: &str, remote: Option<&str>) -> String {
        let mut tx = self.db.begin().await.unwrap();
        let began =
            Beginning { host_id: self.hosts[host].clone(), path: path.to_owned(), remote: remote.map(str::to_owned) };
        let placed = projects::place(&mut tx, &[&began].into(), 1).await.unwrap().remove(&began).unwrap();
        let row = SessionRow {
            id: id.to_owned(),
            coder: "claude".to_owned(),
            hosts: serde_json::to_string(&[&self.hosts[host]]).unwrap(),
            began_host: Some(self.hosts[host].clone()),
            began_path: Some(placed.path),
            project_id: Some(placed.project_id.clone()),
            ..SessionRow::default()
        };
        sessions::upsert(&mut tx, vec![row]).await.unwrap();
        tx.commit().await.unwrap();
        placed.project_id
    }

    async fn answer(&self, host: usize, path: &str, said: &Repository) {
        let mut tx = self.db.begin().await.unwrap();
        projects::answered(&mut tx, &self.hosts[host], path, said, 2).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn project_of(&self, session: &str) -> String {
        sessions::get(&self.db, session).await.unwrap().unwrap().project_id.unwrap()
    }

    async fn identities(&self) -> Vec<String> {
        let mut all: Vec<String> =
            projects::all(&self.db).await.unwrap().into_iter().map(|project| project.identity).collect();
        all.sort();
        all
    }
}

fn clone_of(remote: &str, top_level: &str) -> Repository {
    Repository { top_level: Some(top_level.to_owned()), ..Repository::at(remote) }
}

#[tokio::test]
async fn clones_of_one_repository_become_one_project() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let mac = stand.session("a", 0, "/Users/ann/api", None).await;
        let linux = stand.session("b", 1, "/srv/api", None).await;
        assert_ne!(mac, linux);
        stand.answer(0, "/Users/ann/api", &clone_of("git@example.com:team/api.git", "/Users/ann/api")).await;
        assert_eq!(stand.project_of("a").await, mac, "what is better known keeps its id");
        stand.answer(1, "/srv/api", &clone_of("https://example.com/team/api", "/srv/api")).await;
        assert_eq!(stand.project_of("b").await, mac);
        assert_eq!(stand.identities().await, ["remote:example.com/team/api"], "what is empty vanishes");
        // Another folder of the clone, and a worktree that the coder made.
        stand.session("c", 1, "/srv/api/src", None).await;
        stand.answer(1, "/srv/api/src", &clone_of("https://example.com/team/api", "/srv/api")).await;
        assert_eq!(stand.project_of("c").await, mac);
        assert_eq!(stand.session("d", 1, "/srv/api/.claude/worktrees/side/src", None).await, mac);
        assert_eq!(super::names(&stand.db).await.unwrap()[&mac], "api");
    }
}

#[tokio::test]
async fn what_a_coder_says_of_the_repository_counts_until_the_host_answers() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let told = stand.session("a", 0, "/w/api", Some("https://you:secret@example.com/team/api.git")).await;
        assert_eq!(stand.session("b", 1, "/x", Some("git@example.com:team/api")).await, told);
        assert_eq!(stand.identities().await, ["remote:example.com/team/api"]);
        let late = stand.session("c", 1, "/y", None).await;
        assert_ne!(late, told);
        stand.session("d", 1, "/y", Some("git@example.com:team/api")).await;
        assert_eq!([stand.project_of("c").await, stand.project_of("d").await], [told.clone(), told.clone()]);
        stand.answer(1, "/x", &Repository { root_commit: Some("abc".to_owned()), ..Repository::default() }).await;
        assert_ne!(stand.project_of("b").await, told);
        assert_eq!(stand.identities().await, ["remote:example.com/team/api", "root:abc"]);
    }
}

#[tokio::test]
async fn folders_without_a_repository_join_by_their_path() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let first = stand.session("a", 0, "/srv/notes/", None).await;
        assert_eq!(stand.session("b", 1, "/srv/notes", None).await, first);
        stand.answer(0, "/srv/notes", &Repository::default()).await;
        assert_eq!(stand.project_of("a").await, first);
        // One of them becomes a repository: only its own sessions go with it.
        stand.answer(0, "/srv/notes", &clone_of("https://example.com/ann/notes", "/srv/notes")).await;
        assert_ne!(stand.project_of("a").await, first);
        assert_eq!(stand.project_of("b").await, first);
    }
}

#[tokio::test]
async fn what_people_join_or_split_stays_until_it_is_given_back() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (wake, by) = (Wake::default(), By::cli());
        let room = Projects::new(stand.db.clone(), wake);
        let api = stand.session("a", 0, "/w/api", None).await;
        let web = stand.session("b", 0, "/w/web", None).await;
        for (path, remote) in [("/w/api", "git@example.com:t/api"), ("/w/web", "git@example.com:t/web")] {
            stand.answer(0, path, &clone_of(remote, path)).await;
        }
        let place = |path: &str| vec![(stand.hosts[0].clone(), path.to_owned())];
        // Joined: the project that was left vanishes, and what the host says changes nothing.
        assert_eq!(room.move_paths(&by, &Target::Project(api.clone()), &place("/w/web")).await.unwrap(), api);
        stand.answer(0, "/w/web", &clone_of("git@example.com:t/web", "/w/web")).await;
        assert_eq!(stand.project_of("b").await, api);
        assert_eq!(stand.identities().await, ["remote:example.com/t/api"]);
        assert!(matches!(
            room.move_paths(&by, &Target::Project(web), &place("/w/api")).await,
            Err(ProjectError::NotFound(_))
        ));
        // A session that begins there now goes along.
        assert_eq!(stand.session("c", 0, "/w/web", None).await, api);
        // Split off, under a name.
        let own = room.move_paths(&by, &Target::New("Shop".to_owned()), &place("/w/web")).await.unwrap();
        assert_eq!([stand.project_of("b").await, stand.project_of("c").await], [own.clone(), own.clone()]);
        assert_eq!(super::names(&stand.db).await.unwrap()[&own], "Shop");
        // Given back.
        let back = room.move_paths(&by, &Target::Repository, &place("/w/web")).await.unwrap();
        assert_eq!(stand.project_of("b").await, back);
        assert_eq!(stand.identities().await, ["remote:example.com/t/api", "remote:example.com/t/web"]);
        let audit = audit::page(&stand.db, "zzz", 10).await.unwrap();
        assert_eq!(audit.iter().filter(|row| row.action == "project.move").count(), 3);
    }
}

#[tokio::test]
async fn a_name_is_kept_when_the_repository_becomes_known() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let room = Projects::new(stand.db.clone(), Wake::default());
        let id = stand.session("a", 0, "/w/api", None).await;
        room.rename(&By::cli(), &id, " Billing ").await.unwrap();
        stand.answer(0, "/w/api", &clone_of("git@example.com:t/api", "/w/api")).await;
        assert_eq!(super::names(&stand.db).await.unwrap()[&id], "Billing");
        assert!(matches!(room.rename(&By::cli(), &id, "\n").await, Err(ProjectError::Invalid(_))));
        assert!(matches!(room.rename(&By::cli(), "no", "x").await, Err(ProjectError::NotFound(_))));
        let nothing = room.move_paths(&By::cli(), &Target::Repository, &[(id, "/elsewhere".to_owned())]).await;
        assert!(matches!(nothing, Err(ProjectError::NotFound(_))));
    }
}
