//! The browser's types are generated from this floor: this test says when the generated file is stale.

use std::fmt::Write as _;
use std::path::Path;

use ts_rs::{Config, TS};

use super::{access, entry, fleet, history, keeping, live, page, presence, problem, projects, search, usage};

const HEADER: &str = "// Generated from aggregator/src/wire by `make wire`. Do not edit.\n";

fn declare<T: TS>(text: &mut String) {
    let _ = write!(text, "\nexport {}\n", T::decl(&Config::new()));
}

macro_rules! declare_all {
    ($($type:ty),* $(,)?) => {{
        let mut text = HEADER.to_owned();
        $(declare::<$type>(&mut text);)*
        text
    }};
}

// One list, however long it grows.
#[allow(clippy::too_many_lines)]
fn generated() -> String {
    declare_all![
        problem::Problem,
        page::Page<String>,
        fleet::Host,
        fleet::HostState,
        fleet::Root,
        fleet::WatchMode,
        fleet::Session,
        fleet::SessionRow,
        fleet::EntryCounts,
        fleet::TitleSource,
        fleet::Transcript,
        fleet::TranscriptKind,
        fleet::TranscriptState,
        fleet::VerifyItem,
        fleet::VerifyOutcome,
        entry::Entry,
        entry::EntryClass,
        entry::Role,
        entry::FoundPlace,
        history::Turn,
        history::TurnPlace,
        history::ContextPoint,
        history::ToolCall,
        history::Subagent,
        history::SubagentState,
        history::Block,
        history::NoticeKind,
        history::Permission,
        history::Decider,
        history::Todo,
        history::Seam,
        usage::Tokens,
        usage::UsageReport,
        usage::UsageItem,
        usage::UsageSum,
        usage::Ledger,
        usage::Price,
        usage::UsageWindow,
        search::SearchPage,
        search::SearchItem,
        search::SearchSession,
        search::SearchFacets,
        search::FacetCount,
        search::SearchTerm,
        search::SearchProgress,
        search::SavedSearch,
        search::NewSavedSearch,
        projects::Project,
        projects::ProjectPath,
        projects::MovePaths,
        projects::HostPath,
        projects::TreeHost,
        projects::TreeProject,
        projects::ProjectOverview,
        projects::ProjectDay,
        projects::ToolCount,
        projects::FileCount,
        projects::OpenTodo,
        keeping::RetentionRule,
        keeping::NewRetentionRule,
        keeping::RetentionPreview,
        keeping::RetentionExample,
        keeping::DeleteSession,
        keeping::Deletion,
        keeping::ExportReview,
        keeping::Finding,
        keeping::Progress,
        presence::SessionState,
        presence::TurnState,
        presence::StateSource,
        presence::StateFact,
        presence::Background,
        presence::RunningCall,
        presence::CoderProcess,
        presence::Alarm,
        presence::AlarmKind,
        presence::AlarmSettings,
        presence::StopSession,
        presence::StopStep,
        presence::StopReport,
        presence::RenameSession,
        presence::AgentNode,
        presence::AgentTool,
        presence::TouchedFile,
        presence::CallPlace,
        presence::NoticeRules,
        presence::HookState,
        live::LiveRequest,
        live::LiveMessage,
        live::Snapshot,
        live::Update,
        live::Activity,
        live::RecentActivity,
        live::HostActivity,
        live::DeletedSession,
        access::Role,
        access::Me,
        access::Actor,
        access::SignIn,
        access::ChangePassword,
        access::NewMember,
        access::MemberLink,
        access::ChangeMember,
        access::Token,
        access::NewToken,
        access::TokenSecret,
        access::NewHost,
        access::JoinCommand,
        access::AuditItem,
    ]
}

#[test]
fn typescript_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/wire/types.gen.ts");
    let generated = generated();
    if std::env::var_os("MUSTER_WRITE_TYPES").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "{} is stale: run `make wire` and commit it", file.display());
}
