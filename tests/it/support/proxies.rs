//! Proxies on loopback: HTTP `CONNECT` (RFC 9110, 9.3.6) and SOCKS5 with user
//! and password (RFC 1928, RFC 1929). They note what they were asked for.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub const USER: &str = "operator";
/// With characters that an address cannot have.
pub const PASSWORD: &str = "p@ss:w/rd-0001";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProxyKind {
    Http,
    Socks5,
}

pub struct ProxyServer {
    pub port: u16,
    /// The destinations, as names or addresses.
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl ProxyServer {
    pub async fn start(kind: ProxyKind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let asked = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = match kind {
                        ProxyKind::Http => http(client, &asked).await,
                        ProxyKind::Socks5 => socks5(client, &asked).await,
                    };
                });
            }
        });
        Self { port, asked, task }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for ProxyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn http(mut client: TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let login = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    if !head.contains(&format!("Proxy-Authorization: Basic {login}\r\n")) {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    }
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(target.clone());
    let server = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    pipe(client, server).await
}

async fn socks5(mut client: TcpStream, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let _version = client.read_u8().await?;
    let mut methods = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut methods).await?;
    if !methods.contains(&2) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, 2]).await?;
    let _version = client.read_u8().await?;
    let user = counted(&mut client).await?;
    let password = counted(&mut client).await?;
    if user != USER.as_bytes() || password != PASSWORD.as_bytes() {
        return client.write_all(&[1, 1]).await;
    }
    client.write_all(&[1, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        _ => String::from_utf8_lossy(&counted(&mut client).await?).into_owned(),
    };
    let target = format!("{host}:{}", client.read_u16().await?);
    asked.lock().unwrap().push(target.clone());
    let server = TcpStream::connect(target).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    pipe(client, server).await
}

async fn counted(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn pipe(mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}
