//! Floor 3: what is going on right now: topics, who follows them, and which hosts are linked. Bounded, and rebuilt from
//! nothing: whatever is lost here with a restart, pages and hosts ask for again.

pub mod activity;
pub mod endings;
pub mod hub;
pub mod links;
pub mod presence;
pub mod recent;
pub mod topic;
pub mod update;
pub mod wake;

pub use activity::Activity;
pub use endings::Endings;
pub use hub::Hub;
pub use links::Links;
pub use presence::Presence;
pub use topic::Topic;
pub use update::Update;
pub use wake::Wake;
