//! Tests of the whole house. One program, because each test program links everything again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod corridor;
