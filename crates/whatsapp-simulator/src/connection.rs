//! One TCP connection from accept to close.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_websockets::ServerBuilder;

use crate::handshake::{read_hello, respond};
use crate::link::Link;
use crate::login::{Admitted, log_in};
use crate::script::{Moment, Reaction};
use crate::state::Shared;

/// Serves a client until either side closes. Whatever goes wrong ends this connection only.
pub(crate) async fn serve(shared: Arc<Shared>, tcp: TcpStream) {
    let connection = {
        let mut state = shared.state();
        state.record.connections += 1;
        state.connections += 1;
        state.connections
    };
    let _ = tcp.set_nodelay(true);
    let Some(link) = upgrade(&shared, tcp).await else {
        return;
    };
    let _ = match admit(shared, link, connection).await {
        None => return,
        Some(Admitted::Device(session)) => session.serve().await,
        Some(Admitted::Registering(client)) => client.serve().await,
    };
}

async fn upgrade(shared: &Shared, mut tcp: TcpStream) -> Option<Link> {
    match shared.take_fault(Moment::Connect, None) {
        None => {}
        Some(Reaction::Hold(handle)) => {
            handle.mark_reached();
            handle.released().await;
        }
        Some(Reaction::Silence) => {
            let mut ignored = [0; 1024];
            while tcp.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
            return None;
        }
        Some(Reaction::RawBytes(bytes)) => {
            let mut request = [0; 4096];
            // Unread bytes would make the kernel reset the connection before these arrive.
            let _ = tcp.read(&mut request).await;
            let _ = tcp.write_all(&bytes).await;
            let _ = tcp.shutdown().await;
            return None;
        }
        Some(_) => return None,
    }
    let (_, socket) = ServerBuilder::new().accept(tcp).await.ok()?;
    Some(Link::new(socket))
}

async fn admit(shared: Arc<Shared>, mut link: Link, connection: u64) -> Option<Admitted> {
    let hello = read_hello(&mut link).await.ok()?;
    let mut certificate = None;
    match shared.take_fault(Moment::ClientHello, None) {
        None => {}
        Some(Reaction::Hold(handle)) => link.hold(&handle).await,
        Some(Reaction::Certificate(fault)) => certificate = Some(fault),
        Some(Reaction::Silence) => while link.receive().await.is_ok() {},
        Some(Reaction::Pings) => {
            link.ping_forever().await;
            return None;
        }
        Some(Reaction::RawBytes(bytes)) => {
            link.send_bytes(bytes).await.ok()?;
            while link.receive().await.is_ok() {}
        }
        Some(_) => return None,
    }
    let (server, chain) = {
        let state = shared.state();
        let chain = state.world.issuers().chain(certificate).ok()?;
        (state.world.server_keys().clone(), chain)
    };
    let established = respond(&mut link, hello, &server, &chain).await.ok()?;
    log_in(shared, link, established, connection).await.ok()
}
