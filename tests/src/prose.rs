//! Text without meaning that compresses about as well as what coders write.

use std::fmt::Write as _;

use crate::dice::Dice;

/// Beginnings, middles and ends of words.
const PARTS: [&[&str]; 3] = [
    &[
        "re", "con", "un", "de", "in", "pro", "tra", "sub", "ver", "mo", "ca", "sto", "pa", "li", "que", "fra", "ba",
        "ses",
    ],
    &["si", "ra", "te", "mi", "lo", "ne", "ta", "vi", "do", "la", "ri", "cu"],
    &["on", "er", "ing", "ed", "s", "ment", "al", "or", "t", "ly", "able", "x"],
];

/// Words of the vocabulary.
const WORDS: usize = 2000;

/// A vocabulary in which few words are frequent and many are rare.
#[derive(Debug)]
pub struct Prose {
    words: Vec<String>,
}

impl Prose {
    /// A vocabulary.
    pub fn new(dice: &mut Dice) -> Self {
        let word = |dice: &mut Dice| {
            let middles = dice.below(3);
            let mut word = part(0, dice).to_owned();
            (0..middles).for_each(|_| word.push_str(part(1, dice)));
            word + part(2, dice)
        };
        Self { words: (0..WORDS).map(|_| word(dice)).collect() }
    }

    /// The word at a rank; 0 is the most frequent.
    pub fn word(&self, rank: usize) -> &str {
        &self.words[rank % WORDS]
    }

    fn any(&self, dice: &mut Dice) -> &str {
        // The product of two even chances favours low ranks.
        self.word(dice.below(WORDS) * dice.below(WORDS) / WORDS)
    }

    /// Sentences of `least` to `most` words.
    pub fn text(&self, least: u64, most: u64, dice: &mut Dice) -> String {
        let mut text = String::new();
        for at in 0..dice.between(least, most) {
            if at > 0 {
                text.push_str(if at % 14 == 0 { ". " } else { " " });
            }
            text.push_str(self.any(dice));
        }
        text
    }

    /// What a tool prints: lines of code or of a log. Mostly short, now and then very long.
    pub fn output(&self, dice: &mut Dice) -> String {
        let lines = if dice.below(12) == 0 { dice.between(200, 900) } else { dice.between(1, 60) };
        let mut text = String::new();
        for at in 0..lines {
            // Writing into a text cannot fail.
            let _ = match dice.below(3) {
                0 => writeln!(text, "{at:>6}\u{2192}    let {} = self.{}({});", self.any(dice), self.any(dice), at),
                1 => writeln!(
                    text,
                    "src/{}.rs:{}: {} {}",
                    self.any(dice),
                    dice.below(900),
                    self.any(dice),
                    self.any(dice)
                ),
                _ => writeln!(text, "    {} {} {:08x} ok", self.any(dice), self.any(dice), dice.throw() >> 32),
            };
        }
        text
    }
}

fn part(place: usize, dice: &mut Dice) -> &'static str {
    dice.pick(PARTS[place]).copied().unwrap_or_default()
}
