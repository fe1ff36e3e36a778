//! Connections to one Redis server or to a cluster.

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, IntoConnectionInfo, Pipeline, RedisError,
    RedisFuture, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use std::time::Duration;

/// The address of Redis.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each limiter, and it is not moved"
)]
pub(super) enum Server {
    One(Client),
    Cluster(Box<ClusterClient>),
}

/// The information needed to connect.
#[derive(Clone)]
pub(super) struct Address {
    nodes: Vec<ConnectionInfo>,
    is_cluster: bool,
    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    root_certificate: Option<Vec<u8>>,
}

impl Address {
    pub(super) fn one(address: &str) -> Result<Self, RedisError> {
        Self::new(std::iter::once(address), false)
    }

    pub(super) fn cluster<'a>(
        nodes: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, RedisError> {
        Self::new(nodes.into_iter(), true)
    }

    fn new<'a>(
        mut nodes: impl Iterator<Item = &'a str>,
        is_cluster: bool,
    ) -> Result<Self, RedisError> {
        let nodes = nodes.try_fold(Vec::new(), |mut nodes, node| {
            nodes.push(node.into_connection_info()?);
            Ok::<_, RedisError>(nodes)
        })?;
        Ok(Self {
            nodes,
            is_cluster,
            #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
            root_certificate: None,
        })
    }

    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    pub(super) fn with_root_certificate(mut self, pem: Vec<u8>) -> Self {
        self.root_certificate = Some(pem);
        self
    }

    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    fn certificates(&self) -> Option<redis::TlsCertificates> {
        let pem = self.root_certificate.clone()?;
        Some(redis::TlsCertificates {
            client_tls: None,
            root_cert: Some(pem),
        })
    }

    /// A handle for its server, without connecting yet.
    pub(super) fn server(&self, timeout: Duration) -> Result<Server, RedisError> {
        let mut nodes = self.nodes.clone();
        match (nodes.pop(), self.is_cluster) {
            (Some(node), false) => {
                #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
                if let Some(certificates) = self.certificates() {
                    return Client::build_with_tls(node, certificates).map(Server::One);
                }
                Client::open(node).map(Server::One)
            }
            (last, _) => {
                nodes.extend(last);
                // The caller bounds how long a call may take in total.
                // A call that waits for a slot that is being moved must not wait longer than that.
                let builder = ClusterClient::builder(nodes)
                    .connection_timeout(timeout)
                    .response_timeout(timeout)
                    .min_retry_wait(2)
                    .max_retry_wait(50)
                    .retry_wait_formula(5, 2);
                #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
                let builder = match self.certificates() {
                    None => builder,
                    Some(certificates) => builder.certs(certificates),
                };
                builder
                    .build()
                    .map(|client| Server::Cluster(Box::new(client)))
            }
        }
    }
}

impl Server {
    pub(super) async fn connect(&self, timeout: Duration) -> Result<Connection, RedisError> {
        #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
        crate::tls::install_provider();
        match self {
            Self::One(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(timeout))
                    .set_response_timeout(None);
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                connection.await.map(Connection::One)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }
}

/// A connection that many tasks share.
#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
