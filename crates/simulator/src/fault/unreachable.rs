//! A host that is down.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

/// An address on this machine that neither accepts nor refuses a connection, as that of a host that is
/// down: its queue is full, and nobody empties it.
#[derive(Debug)]
pub struct Unreachable {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Unreachable {
    /// Fills the queue of a new address.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub async fn new() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(1)?;
        let address = listener.local_addr()?;
        let mut queue = Vec::new();
        // Whether there is room shows at once.
        while let Ok(connection) = timeout(ROOM, TcpStream::connect(address)).await {
            queue.push(connection?);
        }
        Ok(Self {
            address,
            _listener: listener,
            _queue: queue,
        })
    }

    /// For a client to point at.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A connection for which there is room takes far less.
const ROOM: Duration = Duration::from_millis(300);
