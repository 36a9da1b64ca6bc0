//! What stands before the doors: no credential, no sense, no right to be here, and no time left.

use std::path::Path;
use std::time::Duration;

use muster_tests::archive::assert_archive_equals_files;
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::http::connect;
use muster_tests::lines::Version;
use muster_tests::socket::Page;
use muster_tests::wait;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How long the aggregator may take to turn its back on a connection that says nothing sensible.
const HANG_UP_WITHIN: Duration = Duration::from_mins(1);

/// Addresses that answer without a credential, because one gets a credential there.
const OPEN: [&str; 1] = ["/sign-in"];

/// Every address of the API, read from where the routes are declared, so that a new one is asked too.
fn declared_routes() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aggregator/src");
    let mut routes = Vec::new();
    for folder in ["http", "ws"] {
        for file in std::fs::read_dir(source.join(folder)).unwrap().flatten() {
            let name = file.file_name();
            if name != "tests.rs" && name != "health.rs" {
                let text = std::fs::read_to_string(file.path()).unwrap();
                routes.extend(
                    text.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned)),
                );
            }
        }
    }
    routes
}

#[tokio::test]
async fn no_address_answers_without_a_credential() {
    let fleet = Fleet::start(FleetOptions::hosts(0)).await;
    let routes = declared_routes();
    assert!(routes.iter().any(|route| route == "/live") && routes.len() > 15, "the routes were not found: {routes:?}");
    let strangers =
        [fleet.api().anonymous(), fleet.api().with_token("mst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    for route in routes.iter().map(String::as_str).filter(|route| !OPEN.contains(route)).chain(["/no-such-address"]) {
        let path = format!("/api/v1{}", route.replace("{id}", "0198c5d4-0000-7000-8000-000000000000"));
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            for stranger in &strangers {
                let reply = stranger.request(method, &path, &[], None).await.unwrap();
                assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
                assert_eq!(reply.header("content-type"), "application/problem+json", "{method} {path}");
            }
        }
    }
    assert_eq!(strangers[0].request("GET", "/metrics", &[], None).await.unwrap().status, 401);
    for open in ["/healthz", "/readyz", "/"] {
        assert_eq!(strangers[0].request("GET", open, &[], None).await.unwrap().status, 200, "{open}");
    }
}

/// Signs in by the link that the aggregator printed, as a browser does; gives the cookie.
async fn cookie(fleet: &Fleet) -> String {
    let log = fleet.aggregator_log();
    let secret = log.split("/sign-in#").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a printed link");
    let reply = fleet.api().anonymous().request("POST", "/api/v1/sign-in", &[], Some(&json!({"link": secret}))).await;
    let reply = reply.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_a_signed_in_browser() {
    let fleet = Fleet::start(FleetOptions::hosts(0)).await;
    let (cookie, stranger) = (cookie(&fleet).await, fleet.api().anonymous());
    let own = format!("http://{}", fleet.address());
    let foreign = [
        "http://evil.example".to_owned(),
        "null".to_owned(),
        format!("{own}.evil.example"),
        own.replace("http", "https"),
    ];
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for origin in foreign.iter().map(String::as_str).chain([""]) {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend((!origin.is_empty()).then_some(("origin", origin)));
        let change = json!({"name": "stolen", "role": "viewer"});
        let reply = stranger.request("POST", "/api/v1/tokens", &headers, Some(&change)).await.unwrap();
        assert_eq!(reply.status, 403, "{origin:?}: {}", reply.text());
        headers.extend(upgrade);
        let reply = stranger.request("GET", "/api/v1/live", &headers, None).await.unwrap();
        assert_eq!(reply.status, 403, "{origin:?}: {}", reply.text());
    }
    let mut headers = vec![("cookie", cookie.as_str()), ("origin", own.as_str())];
    let change = json!({"name": "mine", "role": "viewer"});
    let reply = stranger.request("POST", "/api/v1/tokens", &headers, Some(&change)).await.unwrap();
    assert!(reply.status < 300, "{}", reply.text());
    headers.extend(upgrade);
    // Last: the connection is a WebSocket from here on.
    let reply = stranger.request("GET", "/api/v1/live", &headers, None).await.unwrap();
    assert_eq!(reply.status, 101, "{}", reply.text());
    assert_eq!(fleet.api().list("/tokens").await.unwrap().iter().filter(|token| token["name"] == "stolen").count(), 0);
}

#[tokio::test]
async fn a_page_that_says_or_wants_too_much_is_refused() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let api = fleet.api();
    let mut loud = Page::open(&api).await.unwrap();
    loud.say(&"x".repeat(1 << 20)).await.unwrap();
    while loud.next().await.is_ok() {}

    let mut greedy = Page::open(&api).await.unwrap();
    let mut coders: Vec<_> = (0..70).map(|_| fleet.hosts[0].coder("/srv/demo/many", Version::V2_1_329)).collect();
    for coder in &mut coders {
        coder.prompt("Hello");
    }
    wait::until("the sessions are known", || async {
        let known = api.list("/sessions").await?.len();
        if known == coders.len() { Ok(()) } else { Err(format!("{known} sessions")) }
    })
    .await;
    for coder in &coders {
        greedy.subscribe(&coder.topic(), None).await.unwrap();
    }
    let refused = |message: &Value| message["error"].as_str().is_some_and(|words| words.contains("too many topics"));
    greedy.next_where("a refusal", refused).await;
    greedy.say("not even JSON").await.unwrap();
    let taught = |message: &Value| message["error"].as_str().is_some_and(|words| words.contains("subscribe"));
    greedy.next_where("an answer that says how", taught).await;
}

/// What scanners, broken clients and foes send.
fn garbage() -> Vec<Vec<u8>> {
    let mut noise = 0x9e37_79b9_u32;
    let random = std::iter::repeat_with(move || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    });
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    vec![
        random.take(64 * 1024).collect(),
        vec![0; 1024],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 but not really".to_vec(),
        b"GET".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: x\r\nx: ".iter().copied().chain(std::iter::repeat_n(b'a', 1 << 20)).collect(),
        b"POST /api/v1/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST /api/v1/sign-in HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZZZ\r\n".to_vec(),
        [preface.as_slice(), &[0xff; 4096]].concat(),
        // A header block that never ends, and one that is no header block.
        [preface.as_slice(), b"\0\0\0\x04\0\0\0\0\0", b"\0\0\x08\x01\0\0\0\0\x01\x82\xff\xff\xff\xff\xff\xff\xff"]
            .concat(),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        Vec::new(),
    ]
}

async fn garbage_is_sent_away(tls: bool) {
    let fleet = Fleet::start(FleetOptions { tls, ..FleetOptions::hosts(1) }).await;
    let address = fleet.address();
    let mut senders = tokio::task::JoinSet::new();
    for (number, bytes) in garbage().into_iter().enumerate() {
        senders.spawn(async move {
            let mut stream = connect(address, false).await.unwrap();
            // Being sent away in the midst of it is an answer too.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            let mut answer = Vec::new();
            let ended = tokio::time::timeout(HANG_UP_WITHIN, stream.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "garbage number {number} still has its connection");
        });
    }
    let mut coder = fleet.hosts[0].coder("/srv/demo/api", Version::V2_1_329);
    coder.turn("the port");
    assert_archive_equals_files(&fleet).await;
    while let Some(sent) = senders.join_next().await {
        sent.unwrap();
    }
    fleet.api().healthy().await.unwrap();
    coder.turn("the port once more");
    assert_archive_equals_files(&fleet).await;
    assert!(!fleet.aggregator_log().contains("panicked"), "{}", fleet.aggregator_log());
}

#[tokio::test]
async fn garbage_on_the_port_is_sent_away() {
    garbage_is_sent_away(false).await;
}

#[tokio::test]
async fn garbage_on_the_encrypted_port_is_sent_away() {
    garbage_is_sent_away(true).await;
}

async fn sigterm_ends_well(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(2).on(database)).await;
    let mut coders: Vec<_> = fleet.hosts.iter().map(|host| host.coder("/srv/demo/api", Version::V2_1_329)).collect();
    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe("fleet", None).await.unwrap();
    page.next().await.unwrap();
    for round in 0..20 {
        for coder in &mut coders {
            coder.turn(&format!("round {round}"));
        }
    }
    fleet.stop_aggregator().await;
    let closed = loop {
        if let Err(how) = page.next().await {
            break how;
        }
    };
    assert!(closed.contains("the aggregator is stopping"), "a page is told why: {closed}");
    for coder in &mut coders {
        coder.turn("while nobody listens");
    }
    fleet.start_aggregator().await;
    for index in 0..fleet.hosts.len() {
        fleet.wait_online(index).await;
    }
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn sigterm_ends_the_aggregator_well_under_load() {
    sigterm_ends_well(Database::Embedded).await;
}

#[tokio::test]
async fn sigterm_ends_the_aggregator_well_under_load_on_postgres() {
    sigterm_ends_well(Database::Postgres).await;
}

/// Starts the aggregator on a database that a newer one has used, and expects it to end at once, with reasons.
async fn newer_schema_is_refused(fleet: &mut Fleet) {
    fleet.spawn_aggregator();
    let mut aggregator = fleet.aggregator.take().unwrap();
    let status = aggregator.wait(Duration::from_secs(30)).await;
    assert!(!status.success());
    let said = aggregator.log();
    assert!(said.contains("a newer Muster has used it"), "{said}");
}

/// As a migration that this version does not know leaves it.
const FROM_THE_FUTURE: &str = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
     SELECT 9999, 'from the future', installed_on, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1";

#[tokio::test]
async fn a_database_of_a_newer_muster_is_left_alone() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    fleet.stop_aggregator().await;
    let file = fleet.data.join("muster.db");
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query(FROM_THE_FUTURE).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    newer_schema_is_refused(&mut fleet).await;
}

#[tokio::test]
async fn a_postgres_database_of_a_newer_muster_is_left_alone() {
    let postgres = tokio::task::spawn_blocking(muster_test_pg::database).await.unwrap();
    let mut fleet = Fleet::start(FleetOptions::hosts(0).on(Database::Url(postgres.url()))).await;
    fleet.stop_aggregator().await;
    let mut database = sqlx::PgConnection::connect(&postgres.url()).await.unwrap();
    sqlx::query(FROM_THE_FUTURE).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    newer_schema_is_refused(&mut fleet).await;
}
