//! How much of what a coder does reaches us through its hooks, in one word.

use std::path::Path;

use muster_proto::fleet::HookState;

use super::EVENTS;
use super::edit::{EventState, Standing, disabled, standing};
use super::file::Settings;
use super::ours::HookLine;

/// Whether the settings in the coder's home `home` make it call `muster-agent hook`, wherever that lies. Reads one small
/// file. `Unspecified`: it cannot be read or understood.
pub fn coverage(home: &Path) -> HookState {
    let Ok(settings) = Settings::read(home) else { return HookState::Unspecified };
    let any = HookLine::new(Path::new("muster-agent"), None);
    standing(settings.text(), &any)
        .map_or(HookState::Unspecified, |states| if disabled(settings.text()) { HookState::None } else { of(&states) })
}

fn of(states: &[EventState]) -> HookState {
    let asked = states.iter().filter(|state| EVENTS.contains(&state.event.as_str()));
    match asked.filter(|state| state.standing != Standing::Missing).count() {
        0 => HookState::None,
        all if all == EVENTS.len() => HookState::All,
        _ => HookState::Some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::install;

    #[test]
    fn none_some_all_and_what_cannot_be_told() {
        let home = tempfile::tempdir().unwrap();
        let with = |text: &str| {
            std::fs::write(home.path().join("settings.json"), text).unwrap();
            coverage(home.path())
        };
        assert_eq!(coverage(home.path()), HookState::None);
        assert_eq!(with("{"), HookState::Unspecified);
        let all = install("{}", &HookLine::new(Path::new("/opt/muster-agent"), None)).unwrap();
        assert_eq!(with(&all), HookState::All);
        assert_eq!(with(&all.replace("\"Stop\"", "\"Other\"")), HookState::Some);
        assert_eq!(with(&all.replacen('{', "{\"disableAllHooks\": true,", 1)), HookState::None);
    }
}
