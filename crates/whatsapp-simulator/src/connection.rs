//! One connection from its first byte to its close.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_websockets::ServerBuilder;

use crate::handshake::{read_hello, respond};
use crate::login::{Admitted, log_in};
use crate::moment::Moment;
use crate::reaction::{Early, Reaction};
use crate::socket::Socket;
use crate::state::Shared;
use crate::wire::Wire;

/// Serves a client until either side closes. Whatever goes wrong ends this connection only.
pub(crate) async fn serve(shared: Arc<Shared>, wire: Box<dyn Wire>, connection: u64) {
    let Some(socket) = upgrade(&shared, wire).await else {
        return;
    };
    let _ = match admit(shared, socket, connection).await {
        None => return,
        Some(Admitted::Device(session)) => session.serve().await,
        Some(Admitted::Registering(client)) => client.serve().await,
    };
}

/// The number of a connection that begins now.
pub(crate) fn begin(shared: &Shared) -> u64 {
    let mut state = shared.state();
    state.record.connections += 1;
    state.connections += 1;
    state.connections
}

async fn upgrade(shared: &Shared, mut wire: Box<dyn Wire>) -> Option<Socket> {
    match shared.take_fault(Moment::Connect, None).map(Reaction::early) {
        None => {}
        Some(Early::Hold(handle)) => handle.hold().await,
        Some(Early::Silence) => {
            let mut ignored = [0; 1024];
            while wire.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
            return None;
        }
        Some(Early::RawBytes(bytes)) => {
            let mut request = [0; 4096];
            // Unread bytes would make the kernel reset the connection before these arrive.
            let _ = wire.read(&mut request).await;
            let _ = wire.write_all(&bytes).await;
            let _ = wire.shutdown().await;
            return None;
        }
        Some(Early::Drop | Early::Certificate(_) | Early::Pings) => return None,
    }
    let (_, stream) = ServerBuilder::new().accept(wire).await.ok()?;
    Some(Socket::new(stream))
}

async fn admit(shared: Arc<Shared>, mut socket: Socket, connection: u64) -> Option<Admitted> {
    let hello = read_hello(&mut socket).await.ok()?;
    let mut certificate = None;
    match shared.take_fault(Moment::ClientHello, None).map(Reaction::early) {
        None => {}
        Some(Early::Hold(handle)) => socket.hold(&handle).await,
        Some(Early::Certificate(fault)) => certificate = Some(fault),
        Some(Early::Silence) => while socket.receive().await.is_ok() {},
        Some(Early::Pings) => {
            socket.ping_forever().await;
            return None;
        }
        Some(Early::RawBytes(bytes)) => {
            socket.send_bytes(bytes).await.ok()?;
            while socket.receive().await.is_ok() {}
        }
        Some(Early::Drop) => return None,
    }
    let (server, chain) = {
        let state = shared.state();
        let chain = state.world.issuers().chain(certificate).ok()?;
        (state.world.server_keys().clone(), chain)
    };
    let established = respond(&mut socket, hello, &server, &chain).await.ok()?;
    log_in(shared, socket, established, connection).await.ok()
}
