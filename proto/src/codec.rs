//! How messages are put into and taken out of their streams.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::ProstCodec;

/// What a stream holds ready for each direction from its start to its end, bytes. Nearly all messages fit; a larger one
/// gets the room that it needs for as long as it is there. At the library's default of 8 KiB this alone would be a
/// quarter of what an aggregator keeps for each host.
const READY_BYTES: usize = 1024;

/// Messages that wait are handed on together once they have so many bytes: the library's default.
const YIELD_BYTES: usize = 32 * 1024;

/// The library's codec with small buffers, for links that stand for weeks and are silent for most of the time.
#[derive(Debug, Clone)]
pub(crate) struct LeanCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for LeanCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for LeanCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = <ProstCodec<T, U> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(settings())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(settings())
    }
}

fn settings() -> BufferSettings {
    BufferSettings::new(READY_BYTES, YIELD_BYTES)
}
