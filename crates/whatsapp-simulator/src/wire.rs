//! What a connection runs over.

use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes both ways: TCP, or what a simulation has in its place.
pub trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<W: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for W {}
