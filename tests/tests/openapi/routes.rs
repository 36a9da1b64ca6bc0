//! The routes, as the routers of `http` and `ws` have them, with what their handlers take, answer and demand.

use std::collections::BTreeSet;

use syn::visit::Visit;
use syn::{Expr, ExprMethodCall, ExprPath, FnArg, GenericArgument, Item, ItemFn, Lit, Path, PathArguments, Type};

use super::attributes::words;
use super::source::Sources;

/// Doors beside the API: they have addresses of their own.
const BESIDE: [(&str, &str); 3] =
    [("http/health", "probes"), ("http/metrics", "Prometheus"), ("http/mod", "puts the others together")];

/// Arguments of a handler that say nothing of the request's shape.
const SILENT: [&str; 5] = ["State", "Caller", "HeaderMap", "Option", "WebSocketUpgrade"];

/// One method of one address.
pub(crate) struct Route<'a> {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Module of the handler, in which its types are to be understood.
    pub(crate) module: String,
    pub(crate) handler: &'a ItemFn,
    /// Needs a credential.
    pub(crate) guarded: bool,
    pub(crate) role: String,
    pub(crate) statuses: Vec<String>,
    pub(crate) path_types: Vec<&'a Type>,
    pub(crate) query: Option<&'a Type>,
    pub(crate) body: Option<&'a Type>,
    /// Takes the body as it comes.
    pub(crate) bytes: bool,
    /// What is answered as JSON.
    pub(crate) answer: Option<&'a Type>,
    /// What it answers cannot be seen from its signature.
    pub(crate) opaque: bool,
}

impl Route<'_> {
    /// `GET /hosts`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// What it is for: the handler's doc comment.
    pub(crate) fn words(&self) -> String {
        words(&self.handler.attrs)
    }
}

/// All routes of the API, by address.
pub(crate) fn all(sources: &Sources) -> Vec<Route<'_>> {
    let mut routes = Vec::new();
    for (module, items) in sources.modules() {
        if module.starts_with("wire/") || BESIDE.iter().any(|(beside, _)| *beside == module) {
            continue;
        }
        for item in items {
            let Item::Fn(function) = item else { continue };
            let mut calls = RouteCalls::default();
            calls.visit_item_fn(function);
            for (path, handlers) in calls.found {
                for (method, handler) in handlers {
                    let guarded = function.sig.ident != "open_routes";
                    routes.push(route(sources, module, path.clone(), method, &handler, guarded));
                }
            }
        }
    }
    routes.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    let names: BTreeSet<String> = routes.iter().map(Route::name).collect();
    assert_eq!(names.len(), routes.len(), "an address is served twice");
    routes
}

/// Every `.route("…", get(a).post(b))`.
#[derive(Default)]
struct RouteCalls {
    found: Vec<(String, Vec<(String, Path)>)>,
}

impl<'ast> Visit<'ast> for RouteCalls {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "route" {
            let Some(Expr::Lit(literal)) = call.args.first() else { panic!("a route's address is a literal") };
            let Lit::Str(path) = &literal.lit else { panic!("a route's address is a text") };
            let mut handlers = Vec::new();
            methods(&call.args[1], &mut handlers);
            self.found.push((path.value(), handlers));
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

fn methods(expression: &Expr, found: &mut Vec<(String, Path)>) {
    let (method, arguments) = match expression {
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { panic!("a route's method is a function") };
            (path.path.segments.last().expect("a path has a name").ident.to_string(), &call.args)
        }
        Expr::MethodCall(call) => {
            methods(&call.receiver, found);
            (call.method.to_string(), &call.args)
        }
        _ => panic!("a route's methods are calls"),
    };
    let Some(Expr::Path(ExprPath { path, .. })) = arguments.first() else { panic!("a handler is named") };
    // A WebSocket is opened by GET, and over HTTP/2 by CONNECT.
    let method = if method == "any" { "get".to_owned() } else { method };
    found.push((method, path.clone()));
}

fn route<'a>(
    sources: &'a Sources,
    module: &str,
    path: String,
    method: String,
    handler: &Path,
    guarded: bool,
) -> Route<'a> {
    let place = sources.resolve(module, handler);
    let Some(Item::Fn(function)) = sources.item(&place) else { panic!("no handler {} in {}", place.1, place.0) };
    let mut seen = Seen::default();
    seen.visit_item_fn(function);
    let mut route = Route {
        method,
        path,
        module: place.0,
        handler: function,
        guarded,
        role: demanded(function).unwrap_or_else(|| "viewer".to_owned()),
        statuses: seen.statuses,
        path_types: Vec::new(),
        query: None,
        body: None,
        bytes: false,
        answer: None,
        opaque: false,
    };
    for argument in &function.sig.inputs {
        let FnArg::Typed(argument) = argument else { panic!("a handler is no method") };
        let (name, inner) = named(&argument.ty);
        match name.as_str() {
            "Path" => route.path_types = parts(inner),
            "Query" => route.query = inner,
            "Body" => route.body = inner,
            "Request" => route.bytes = true,
            silent if SILENT.contains(&silent) => {}
            other => panic!("{}: what does the argument {other} say of the request?", route.name()),
        }
    }
    (route.answer, route.opaque) = answer(function);
    route
}

/// What it answers as JSON, or that this cannot be seen.
fn answer(function: &ItemFn) -> (Option<&Type>, bool) {
    let syn::ReturnType::Type(_, ty) = &function.sig.output else { panic!("a handler answers") };
    let (name, inner) = named(ty);
    match (name.as_str(), inner) {
        ("Answer", inner) => (inner, false),
        ("Result", Some(inner)) => match inner {
            Type::Tuple(tuple) => (tuple.elems.last().and_then(|json| named(json).1), false),
            inner => (None, named(inner).0 != "StatusCode"),
        },
        _ => (None, true),
    }
}

/// Last name of a type's path, and the first type in its brackets.
fn named(ty: &Type) -> (String, Option<&Type>) {
    let Type::Path(path) = ty else { panic!("a handler speaks in named types") };
    let Some(last) = path.path.segments.last() else { return (String::new(), None) };
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(inside) => {
            inside.args.iter().find_map(|arg| if let GenericArgument::Type(ty) = arg { Some(ty) } else { None })
        }
        _ => None,
    };
    (last.ident.to_string(), inner)
}

fn parts(inner: Option<&Type>) -> Vec<&Type> {
    match inner {
        Some(Type::Tuple(tuple)) => tuple.elems.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

/// The role that the handler demands of everybody: in a statement of its own.
fn demanded(function: &ItemFn) -> Option<String> {
    function.block.stmts.iter().find_map(|statement| {
        let syn::Stmt::Expr(Expr::Try(tried), _) = statement else { return None };
        let Expr::MethodCall(call) = &*tried.expr else { return None };
        let Some(Expr::Path(role)) = call.args.first().filter(|_| call.method == "require") else { return None };
        role.path.segments.last().map(|last| last.ident.to_string().to_lowercase())
    })
}

/// Statuses that the handler names.
#[derive(Default)]
struct Seen {
    statuses: Vec<String>,
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_path(&mut self, path: &'ast Path) {
        let words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [.., kind, status] = words.as_slice()
            && kind == "StatusCode"
        {
            self.statuses.push(status.clone());
        }
        syn::visit::visit_path(self, path);
    }
}
