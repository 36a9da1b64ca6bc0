//! The room against what real clients did, and against what hosts can do to it.

mod forgotten;
<<<<<<< HEAD
mod guesses;
=======
mod others;
>>>>>>> e886dd2 (Understand more of what coders write)
mod recording;
mod replay;
