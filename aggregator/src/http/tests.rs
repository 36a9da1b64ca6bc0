//! The doors as a caller sees them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::guard::Peer;
use super::router;
use crate::access::By;
use crate::domain::role::Role;
use crate::house::House;
use crate::options::Options;
use crate::spawn::Tasks;
use crate::store::Db;

const PASSWORD: &str = "correct horse battery";

/// An aggregator without a port.
pub(super) struct Doors {
    pub(super) house: Arc<House>,
    app: Router,
    _folder: tempfile::TempDir,
}

impl Doors {
    pub(super) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    async fn open_with(set: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::local(folder.path());
        options.listen.set_port(4600);
        set(&mut options);
        let db = Db::open(None, &options.embedded_database()).await.unwrap();
        Self::of(db, options, folder)
    }

    /// The same on a database that is there.
    pub(super) fn on(db: &Db) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::local(folder.path());
        Self::of(db.clone(), options, folder)
    }

    /// The same, and its rooms do their work.
    pub(super) fn running(db: &Db) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (house, chores) = House::new(db.clone(), Options::local(folder.path()), Tasks::new());
        house.start(chores);
        let app = router(Arc::clone(&house));
        Self { house, app, _folder: folder }
    }

    fn of(db: Db, options: Options, folder: tempfile::TempDir) -> Self {
        let (house, _chores) = House::new(db, options, Tasks::new());
        let app = router(Arc::clone(&house));
        Self { house, app, _folder: folder }
    }

    pub(super) async fn token(&self, role: Role) -> String {
        let owner = self.house.access.owner().await.unwrap().id.parse().unwrap();
        self.house.access.add_token(&By::cli(), owner, "test", role, None).await.unwrap().secret
    }

    /// A member who can sign in as `ann`.
    async fn ann(&self, role: Role) {
        let ann = self.house.access.add_member(&By::cli(), "ann", None, role).await.unwrap();
        self.house.access.set_password(&By::cli(), ann.id.parse().unwrap(), PASSWORD).await.unwrap();
    }

    /// Signs `ann` in, and gives her cookie.
    async fn cookie(&self) -> String {
        let response = self.post("/api/v1/sign-in", &[], &json!({"name": "ann", "password": PASSWORD})).await;
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Response<Body> {
        self.send(Method::POST, path, headers, body.to_string()).await
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        self.send(Method::GET, path, headers, String::new()).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path).header("host", "muster.test:4600");
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(Peer { address: ([192, 0, 2, 7], 1234).into(), tls: false });
        self.app.clone().oneshot(request).await.unwrap()
    }
}

pub(super) async fn json_of(response: Response<Body>) -> Value {
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {body:?}"))
}

/// Every path that the source declares, as `(path below /api/v1 or the root, file)`.
fn declared_routes() -> BTreeSet<String> {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut routes = BTreeSet::new();
    for folder in ["http", "ws"] {
        for file in std::fs::read_dir(source.join(folder)).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let declared = text.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
            routes.extend(declared.filter(|path| path.starts_with('/')).map(str::to_owned));
        }
    }
    routes
}

#[tokio::test]
async fn without_a_credential_there_is_nothing_but_the_sign_in_and_health() {
    let doors = Doors::open().await;
    let routes = declared_routes();
    assert!(routes.len() > 15, "the routes are not found in the source any more: {routes:?}");
    let open = ["/sign-in", "/healthz", "/readyz"];
    for path in routes.iter().filter(|path| !open.contains(&path.as_str())) {
        let path = if path == "/metrics" { path.clone() } else { format!("/api/v1{path}") };
        let path = path.replace("{id}", "01890000-0000-7000-8000-000000000000");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
            for headers in [&[][..], &[("cookie", "muster_session=forged")], &[("authorization", "Bearer mst_forged")]]
            {
                let response = doors.send(method.clone(), &path, headers, "{}".to_owned()).await;
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} {headers:?}");
                assert_eq!(response.headers()["content-type"], "application/problem+json");
            }
        }
    }
    assert_eq!(doors.get("/api/v1/nothing", &[]).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(doors.get("/healthz", &[]).await.status(), StatusCode::OK);
    assert_eq!(doors.get("/readyz", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document_and_not_the_web_app() {
    let doors = Doors::open().await;
    let bearer = format!("Bearer {}", doors.token(Role::Viewer).await);
    let headers = [("authorization", bearer.as_str())];
    for (path, status) in [("/api/v1/nothing", 404), ("/api/v2/hosts", 404), ("/api", 404)] {
        let response = doors.get(path, &headers).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(json_of(response).await["status"], status);
    }
    let response = doors.send(Method::PUT, "/api/v1/me", &headers, "{}".to_owned()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(json_of(response).await["code"], "method-not-allowed");
}

#[tokio::test]
async fn the_app_answers_its_own_addresses_with_protecting_headers() {
    let doors = Doors::open_with(|options| options.base_path = "/team".to_owned()).await;
    for path in ["/", "/sign-in", "/sessions/claude-1?x=1", "/team/sign-in"] {
        let response = doors.get(path, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("<base href=\"/team/\""), "{path}");
    }
    assert_eq!(doors.get("/team/healthz", &[]).await.status(), StatusCode::OK);
    assert_eq!(doors.get("/assets/gone-1234.js", &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(doors.get("/../../etc/passwd", &[]).await.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(doors.post("/", &[], &json!({})).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn signing_in_sets_a_cookie_that_signing_out_ends() {
    let doors = Doors::open().await;
    doors.ann(Role::Member).await;
    let cookie = doors.cookie().await;
    let me = doors.get("/api/v1/me", &[("cookie", &cookie)]).await;
    assert_eq!(me.headers()["cache-control"], "no-store");
    let me = json_of(me).await;
    assert_eq!((&me["actor"]["name"], &me["actor"]["role"]), (&json!("ann"), &json!("member")));
    let ours = [("cookie", cookie.as_str()), ("origin", "http://muster.test:4600")];
    assert_eq!(doors.post("/api/v1/sign-out", &ours, &json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(doors.get("/api/v1/me", &[("cookie", &cookie)]).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_cookie_counts_for_changes_only_from_our_own_page() {
    let doors = Doors::open_with(|options| options.public_url = "https://muster.example".parse().ok()).await;
    doors.ann(Role::Admin).await;
    let cookie = doors.cookie().await;
    let origins = [
        (Some("http://muster.test:4600"), true),
        (Some("https://muster.example"), true),
        (Some("https://muster.test:4600"), false),
        (Some("http://muster.test"), false),
        (Some("http://evil.example"), false),
        (Some("null"), false),
        (None, false),
    ];
    for (origin, allowed) in origins {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let response = doors.post("/api/v1/tokens", &headers, &json!({"name": "ci"})).await;
        let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(response.status(), expected, "{origin:?}");
        headers.extend([("connection", "upgrade"), ("upgrade", "websocket")]);
        let status = doors.get("/api/v1/live", &headers).await.status();
        assert_eq!(status == StatusCode::FORBIDDEN, !allowed, "WebSocket from {origin:?}: {status}");
    }
    let bearer = format!("Bearer {}", doors.token(Role::Admin).await);
    let response = doors.post("/api/v1/tokens", &[("authorization", &bearer)], &json!({"name": "ci"})).await;
    assert_eq!(response.status(), StatusCode::OK, "a token is no cookie: no browser sends it by itself");
}

#[tokio::test]
async fn another_site_cannot_sign_its_visitor_in() {
    let doors = Doors::open().await;
    doors.ann(Role::Member).await;
    let body = json!({"name": "ann", "password": PASSWORD});
    let response = doors.post("/api/v1/sign-in", &[("origin", "http://evil.example")], &body).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(!response.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn guessing_is_answered_with_429_and_a_time() {
    let doors = Doors::open().await;
    let guess = json!({"name": "ann", "password": "wrong"});
    for _ in 0..10 {
        assert_eq!(doors.post("/api/v1/sign-in", &[], &guess).await.status(), StatusCode::UNAUTHORIZED);
    }
    let response = doors.post("/api/v1/sign-in", &[("x-forwarded-for", "198.51.100.9")], &guess).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "a header of the caller's own must not help");
    let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=10).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn roles_decide_who_may_do_what() {
    let doors = Doors::open().await;
    for (role, expected) in [(Role::Viewer, 403), (Role::Member, 403), (Role::Admin, 200)] {
        let bearer = format!("Bearer {}", doors.token(role).await);
        let headers = [("authorization", bearer.as_str())];
        for path in ["/api/v1/members", "/api/v1/audit"] {
            assert_eq!(doors.get(path, &headers).await.status().as_u16(), expected, "{role} {path}");
        }
        let name = format!("host-{role}");
        let response = doors.post("/api/v1/hosts", &headers, &json!({"name": name})).await;
        assert_eq!(response.status().as_u16(), expected, "{role} adds a host");
        let higher = doors.post("/api/v1/tokens", &headers, &json!({"name": "x", "role": "admin"})).await;
        assert_eq!(higher.status().as_u16(), expected, "{role} makes an admin's token");
        for path in ["/api/v1/hosts", "/api/v1/sessions", "/api/v1/transcripts", "/metrics", "/api/v1/me"] {
            assert_eq!(doors.get(path, &headers).await.status(), StatusCode::OK, "{role} {path}");
        }
    }
}

#[tokio::test]
async fn a_host_is_added_with_a_command_and_removed() {
    let doors = Doors::open_with(|options| options.pin = Some("PIN".to_owned())).await;
    let bearer = format!("Bearer {}", doors.token(Role::Admin).await);
    let headers = [("authorization", bearer.as_str())];
    let join = json_of(doors.post("/api/v1/hosts", &headers, &json!({"name": "box"})).await).await;
    let command = join["command"].as_str().unwrap();
    let token = command.strip_prefix("muster-agent join http://127.0.0.1:4600 ").unwrap();
    assert_eq!(token.split_once('.').map(|(_, pin)| pin), Some("PIN"));
    let from = std::net::IpAddr::from([192, 0, 2, 1]);
    let enrolled = doors.house.access.enrol(from, token, &[1; 32], crate::access::HostFacts::default()).await.unwrap();
    let again = doors.post("/api/v1/hosts", &headers, &json!({"name": "box"})).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert!(json_of(again).await["detail"].as_str().unwrap().contains("host remove"));
    let path = format!("/api/v1/hosts/{}", enrolled.host_id);
    let remove = || doors.send(Method::DELETE, &path, &headers, String::new());
    assert_eq!(remove().await.status(), StatusCode::NO_CONTENT);
    assert_eq!(remove().await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn numbers_tell_of_every_host() {
    let doors = Doors::open().await;
    let bearer = format!("Bearer {}", doors.token(Role::Viewer).await);
    let join = doors.house.access.host_add(&By::cli(), "box").await.unwrap();
    let from = std::net::IpAddr::from([192, 0, 2, 1]);
    doors.house.access.enrol(from, &join.secret, &[1; 32], crate::access::HostFacts::default()).await.unwrap();
    let response = doors.get("/metrics", &[("authorization", &bearer)]).await;
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    for line in
        ["muster_hosts 1", "muster_hosts_linked 0", "muster_host_linked{host=\"box\"} 0", "muster_archived_bytes 0"]
    {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended() {
    let doors = Doors::open().await;
    let bearer = format!("Bearer {}", doors.token(Role::Admin).await);
    let headers = [("authorization", bearer.as_str())];
    for name in ["ann", "bob", "cyd"] {
        let answer = doors.post("/api/v1/members", &headers, &json!({"name": name, "role": "viewer"})).await;
        let link = json_of(answer).await["link"].as_str().unwrap().to_owned();
        assert!(link.starts_with("http://127.0.0.1:4600/sign-in#"), "{link}");
    }
    for (list, word) in [("members", "name"), ("tokens", "id"), ("audit", "id")] {
        let all = json_of(doors.get(&format!("/api/v1/{list}"), &headers).await).await;
        assert_eq!(all["next_cursor"], Value::Null);
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = json_of(doors.get(&format!("/api/v1/{list}?limit=2{cursor}"), &headers).await).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item[word].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let words: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| item[word].clone()).collect();
        assert_eq!(seen, words, "{list}");
    }
}

#[tokio::test]
async fn wrong_requests_are_refused_in_words_and_unknown_fields_ignored() {
    let doors = Doors::open().await;
    let bearer = format!("Bearer {}", doors.token(Role::Admin).await);
    let headers = [("authorization", bearer.as_str())];
    let fine = doors.post("/api/v1/tokens", &headers, &json!({"name": "x", "colour": "red"})).await;
    assert_eq!(fine.status(), StatusCode::OK);
    for body in [json!({}), json!({"name": 7}), json!({"name": "x", "role": "king"}), json!({"name": "x", "days": 0})] {
        let response = doors.post("/api/v1/tokens", &headers, &body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(json_of(response).await["code"], "bad-request");
    }
    let response = doors.post("/api/v1/sign-in", &[], &json!({"name": "ann"})).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(json_of(response).await["detail"].as_str().unwrap().contains("password"));
    let large = json!({"name": "x".repeat(2 << 20)});
    assert_eq!(doors.post("/api/v1/tokens", &headers, &large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for path in
        ["/api/v1/audit?limit=0", "/api/v1/audit?limit=many", "/api/v1/sessions?limit=0", "/api/v1/sessions?limit=x"]
    {
        let response = doors.get(path, &headers).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_headers_count_and_the_callers_do_not() {
    let doors = Doors::open_with(|options| options.trust_proxy = true).await;
    doors.ann(Role::Member).await;
    let forwarded = [
        ("x-forwarded-for", "203.0.113.1, 198.51.100.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "muster.example"),
        ("origin", "https://muster.example"),
    ];
    let body = json!({"name": "ann", "password": PASSWORD});
    let response = doors.post("/api/v1/sign-in", &forwarded, &body).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()["set-cookie"].to_str().unwrap().ends_with("; Secure"));
    assert!(response.headers().contains_key("strict-transport-security"));
    let name = json!({"name": "ann", "password": "wrong"});
    for _ in 0..10 {
        doors.post("/api/v1/sign-in", &forwarded, &name).await;
    }
    let status = |address| {
        let headers = [("x-forwarded-for", address)];
        let doors = &doors;
        async move { doors.post("/api/v1/sign-in", &headers, &json!({"name": "bob", "password": "x"})).await.status() }
    };
    assert_eq!(status("198.51.100.7").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status("198.51.100.7, 192.0.2.99").await, StatusCode::UNAUTHORIZED);
}
