//! What differs between operating systems: one small module per concern, each with a body for unix and for Windows.

pub mod ancestor;
pub mod clock;
pub mod ends;
pub mod file;
pub mod fs_kind;
pub mod hook_socket;
pub mod load;
pub mod machine;
pub mod owner;
pub mod private;
pub mod process;
pub mod service;
pub mod signals;
pub mod status_socket;
pub mod watch_limit;

/// Whether change notification is asked for folder by folder (Linux), or once for a whole tree (macOS, Windows).
///
/// Linux has no recursive watch; asking for each folder ourselves, before listing it, leaves no gap in which a new file
/// goes unnoticed, and tells which folder could not be watched.
pub const WATCH_EACH_FOLDER: bool = cfg!(any(target_os = "linux", target_os = "android"));
