//! The room against what real clients did, and against what hosts can do to it.

mod forgotten;
mod guesses;
mod others;
mod recording;
mod replay;
