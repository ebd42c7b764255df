//! The way to an address: TCP, or what a simulation has in its place.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Bytes both ways.
pub trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<W: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for W {}

/// A connection that is being opened.
pub type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Wire>>> + Send>>;

/// Opens connections.
pub trait Network: Send + Sync {
    /// A connection to a port of a host, by its name or address.
    fn open(&self, host: &str, port: u16) -> Opening;
}

/// This machine's own network.
#[derive(Debug, Clone, Copy)]
pub struct Tcp;

impl Network for Tcp {
    fn open(&self, host: &str, port: u16) -> Opening {
        let address = (host.to_owned(), port);
        Box::pin(async move {
            let tcp = TcpStream::connect(address).await?;
            tcp.set_nodelay(true)?;
            Ok(Box::new(tcp) as Box<dyn Wire>)
        })
    }
}
