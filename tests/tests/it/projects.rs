//! Projects across hosts: joined by their repositories, split and joined again by people.

use std::fs;
use std::path::{Path, PathBuf};

use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::wait;
use serde_json::{Value, json};

/// A clone as git lays it out, as far as its address goes.
fn clone_at(folder: &Path, address: &str) -> PathBuf {
    fs::create_dir_all(folder.join(".git")).unwrap();
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(folder.join(".git/config"), format!("[remote \"origin\"]\n\turl = {address}\n")).unwrap();
    folder.to_owned()
}

/// The projects, once they look as wanted.
async fn projects(fleet: &Fleet, what: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let api = fleet.api();
    wait::until(what, || async {
        let projects = api.list("/projects").await?;
        if wanted(&projects) { Ok(projects) } else { Err(format!("{projects:?}")) }
    })
    .await
}

#[tokio::test]
async fn clones_on_two_hosts_are_one_project_until_people_split_them() {
    let fleet = Fleet::start(FleetOptions::hosts(2)).await;
    let folder = tempfile::tempdir().unwrap();
    let here = clone_at(&folder.path().join("mac/api"), "git@example.com:team/api.git");
    let there = clone_at(&folder.path().join("srv/payments-api"), "https://ann:s3cret@example.com/team/api");
    for (host, cwd) in fleet.hosts.iter().zip([here.clone(), there.join("src")]) {
        host.coder(cwd.to_str().unwrap(), Version::V2_1_329).turn("the limiter");
    }
    let joined = projects(&fleet, "one project on two hosts", |projects| {
        projects.len() == 1 && projects[0]["paths"].as_array().is_some_and(|paths| paths.len() == 2)
    })
    .await;
    let project = &joined[0];
    assert_eq!((&project["name"], &project["identity"]), (&json!("api"), &json!("remote:example.com/team/api")));
    assert_eq!(project["sessions"], 2);
    assert!(!joined[0].to_string().contains("s3cret"), "{project}");
    let api = fleet.api();
    let tree = api.list("/tree").await.unwrap();
    assert_eq!(tree.len(), 2, "{tree:?}");
    for host in &tree {
        assert_eq!(host["projects"][0]["project_id"], project["id"], "{host}");
    }
    let paths = json!([{ "host_id": fleet.hosts[1].id, "path": there.join("src").to_str().unwrap() }]);
    let split = json!({ "project_id": null, "name": "Payments", "paths": paths });
    let own = api.post("/projects/move", &split).await.unwrap();
    assert_eq!((&own["name"], &own["sessions"]), (&json!("Payments"), &json!(1)));
    projects(&fleet, "two projects", |projects| projects.len() == 2).await;
    let merge = json!({ "project_id": project["id"], "name": null, "paths": paths });
    assert_eq!(api.post("/projects/move", &merge).await.unwrap()["sessions"], 2);
    let undone = api.post("/projects/move", &json!({ "automatic": true, "paths": paths })).await.unwrap();
    assert_eq!(undone["id"], project["id"]);
    assert!(undone["paths"].as_array().unwrap().iter().all(|path| path["pinned"] == false), "{undone}");
    let overview = api.get(&format!("/projects/{}/overview", project["id"].as_str().unwrap())).await.unwrap();
    assert_eq!((&overview["sessions"], overview["people"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    let usage = api.get("/usage?group_by=project,model").await.unwrap();
    let sum: i64 = usage["items"].as_array().unwrap().iter().map(|item| item["output_tokens"].as_i64().unwrap()).sum();
    assert_eq!(usage["total"]["output_tokens"], sum);
    let ledger = |name: &str| usage["ledger"][name].as_i64().unwrap();
    assert_eq!(ledger("counted"), ledger("records") - ledger("same_reply") - ledger("copies") - ledger("other_hosts"));
}
