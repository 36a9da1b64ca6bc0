//! Phrases that a search must find, and others that it must not.

use std::collections::BTreeMap;

use crate::dice::Dice;
use crate::truth::{Needle, Spot};

/// Where phrases go, in turn.
const SPOTS: [Spot; 7] =
    [Spot::Prompt, Spot::Reply, Spot::Thinking, Spot::ToolInput, Spot::ToolResult, Spot::Agent, Spot::Record];

/// A text to be planted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plant {
    /// Where.
    pub(super) spot: Spot,
    /// What.
    pub(super) text: String,
    /// The phrase that it is; `None` for the same words in another order.
    pub(super) phrase: Option<String>,
}

/// All phrases of a corpus.
#[derive(Debug, Default)]
pub(super) struct Plants {
    count: usize,
    needles: BTreeMap<String, Needle>,
}

impl Plants {
    /// What to plant into the next session.
    pub(super) fn next(&mut self, dice: &mut Dice) -> Vec<Plant> {
        let number = self.count;
        self.count += 1;
        let words: Vec<String> = ["que", "zab", "wix"].iter().map(|start| word(start, number, dice)).collect();
        let (spot, phrase) = (SPOTS[number % SPOTS.len()], words.join(" "));
        self.needles.insert(phrase.clone(), Needle { phrase: phrase.clone(), spot, holders: [].into() });
        let decoy = format!("{} {} then {}", words[2], words[0], words[1]);
        // The same words in another order: only who keeps the order tells them apart.
        vec![
            Plant { spot, text: phrase.clone(), phrase: Some(phrase) },
            Plant { spot: Spot::Reply, text: decoy, phrase: None },
        ]
    }

    /// These were written into a session.
    pub(super) fn planted(&mut self, planted: &[Plant], session: &str) {
        for plant in planted.iter().filter(|plant| plant.spot != Spot::Record) {
            if let Some(needle) = plant.phrase.as_ref().and_then(|phrase| self.needles.get_mut(phrase)) {
                needle.holders.insert(session.to_owned());
            }
        }
    }

    /// The phrases with their holders. What found no place stays without any, and must not be found.
    pub(super) fn into_needles(self) -> Vec<Needle> {
        self.needles.into_values().collect()
    }
}

/// A word that stands nowhere else.
fn word(start: &str, number: usize, dice: &mut Dice) -> String {
    format!("{start}{number}{:x}", dice.throw() >> 48)
}
