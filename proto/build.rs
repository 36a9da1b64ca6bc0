//! Compiles `fleet/v1/fleet.proto` in pure Rust, so that nobody needs `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=fleet");
    let descriptors = protox::compile(["fleet/v1/fleet.proto"], ["."])?;
    tonic_prost_build::configure().bytes(".").codec_path("crate::codec::LeanCodec").compile_fds(descriptors)?;
    Ok(())
}
