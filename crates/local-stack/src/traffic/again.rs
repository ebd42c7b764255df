//! A recorded call, sent once more: as one that was long on its way arrives.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Call;

impl Call {
    /// Sends it to the DynamoDB at `url` (`http://…`), which looks at no signature. Returns
    /// the whole answer, head and body.
    ///
    /// # Errors
    /// That of the connection.
    pub async fn again(&self, url: &str) -> io::Result<String> {
        let address = url.trim_start_matches("http://");
        let body = self.body.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\
             X-Amz-Target: DynamoDB_20120810.{}\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Authorization: AWS4-HMAC-SHA256 \
             Credential=local/20260101/eu-west-1/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00\r\n\r\n{body}",
            body.len(),
            self.operation,
        );
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
